"""Makes the environment: ``make setup`` calls it, with the interpreter to build it with.

Every step may be interrupted and run again. The stamp that tells make that all is done is taken
away first and written last, after ``check_env.py`` has found everything in place.
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from console import SetupError, clock, fail, run, say
from mmcv_wheel import install_mmcv

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path('requirements')
STACKS = {'onedl': 'mminstall.txt', 'original': 'mm-original.txt'}
# These own the same folder cv2/: only the headless one may be there.
CV2_RIVALS = ('opencv-python', 'opencv-contrib-python', 'opencv-contrib-python-headless')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--venv', type=Path, required=True, help='folder of the environment')
    parser.add_argument('--stack', choices=STACKS, default='onedl', help='which mm stack')
    parser.add_argument('--stamp', type=Path, required=True, help='file that says: all done')
    parser.add_argument(
        '--replace',
        action='store_true',
        help='make the environment anew if it has another Python version',
    )
    return parser.parse_args()


def read_pins(name):
    """``{distribution: version}`` of a file that has no markers."""
    lines = (REQUIREMENTS / name).read_text(encoding='utf-8').splitlines()
    return dict(line.split('==') for line in lines if line and not line.startswith('#'))


def make_venv(venv, replace):
    """Makes the environment unless a working one is there; returns its interpreter."""
    python = venv / 'bin' / 'python'
    if venv.exists():
        code = 'import sys, pip; print("%d.%d" % sys.version_info[:2])'
        done = (
            subprocess.run([python, '-c', code], capture_output=True, text=True)
            if python.exists()
            else None
        )
        found = done.stdout.strip() if done and done.returncode == 0 else None
        wanted = f'{sys.version_info[0]}.{sys.version_info[1]}'
        fits = found in ('3.10', '3.11', '3.12') and (found == wanted or not replace)
        if fits:
            return str(python)
        say(f'    {venv} has {"Python " + found if found else "no working Python"}: made anew')
        shutil.rmtree(venv)
    run(
        [sys.executable, '-m', 'venv', str(venv)],
        os.devnull,
        hint='On Debian and Ubuntu the package python3-venv is needed.',
    )
    return str(python)


def uninstall(python, names, log):
    """Removes those of ``names`` that are installed; returns whether there were any."""
    code = (
        'import sys\nfrom importlib.metadata import distributions\n'
        'names = {d.metadata["Name"].lower().replace("_", "-") for d in distributions()}\n'
        'print(*names.intersection(sys.argv[1:]))'
    )
    done = subprocess.run([python, '-c', code, *names], capture_output=True, text=True, check=True)
    found = done.stdout.split()
    if found:
        run([python, '-m', 'pip', 'uninstall', '-y', *found], log)
    return bool(found)


def sweep(python, log):
    """Takes out what an interrupted installation left incomplete; the steps put it in again."""
    done = subprocess.run([python, 'tools/setup/sweep.py'], capture_output=True, text=True)
    names = done.stdout.split()
    if names:
        say(f'    incomplete, installed anew: {", ".join(names)}')
        run([python, '-m', 'pip', 'uninstall', '-y', *names], log)


def install(args):
    start = time.monotonic()
    say(f'[1/6] {args.venv} with Python {sys.version.split()[0]}')
    python = make_venv(args.venv, args.replace)
    log = str(args.venv / 'setup.log')
    sweep(python, log)
    pip = [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off']
    hint = 'Is there a network, or a folder with the wheels in PIP_FIND_LINKS?'

    def files(*names):
        return [word for name in names for word in ('-r', str(REQUIREMENTS / name))]

    say('[2/6] build tools')
    run([*pip, *files('build.txt')], log, hint=hint)
    say('[3/6] PyTorch (0.2 GB for the CPU, several GB where pip picks a CUDA build)')
    run([*pip, *files('torch.txt')], log, hint=hint)
    say('[4/6] what MMDetection and the tests import')
    rivals = uninstall(python, CV2_RIVALS, log)
    run([*pip, '--no-deps', *files('runtime.txt', 'tests.txt')], log, hint=hint)
    if rivals:  # they took files of the headless one along
        headless = [
            line
            for line in (REQUIREMENTS / 'runtime.txt').read_text().splitlines()
            if line.startswith('opencv-python-headless')
        ]
        run([*pip, '--no-deps', '--force-reinstall', *headless], log, hint=hint)

    say('[5/6] mmengine, mmcv and mmdet')
    pins = read_pins(STACKS[args.stack])
    others = [name for file in STACKS.values() for name in read_pins(file) if name not in pins]
    if uninstall(python, others, log):  # both distributions own the same folders
        uninstall(python, list(pins), log)
    for name, version in pins.items():
        if name.endswith('mmcv'):
            install_mmcv(python, name, version, Path('.wheels'), log)
        else:
            run([*pip, '--no-deps', '--no-build-isolation', f'{name}=={version}'], log, hint=hint)

    say('[6/6] moefusion, and a look whether all is in place')
    run([*pip, '--no-deps', '--no-build-isolation', '-e', '.'], log)
    run(
        [python, 'tools/setup/check_env.py', str(REQUIREMENTS / STACKS[args.stack])],
        log,
        hint=f'Remove {args.venv} and try again.',
    )
    say(f'Set-up done in {clock(time.monotonic() - start)}.')


def main():
    args = parse_args()
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end the compilers, too
    with open(f'{args.venv}.lock', 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f'Waiting for another set-up of {args.venv} ...')
            fcntl.flock(lock, fcntl.LOCK_EX)
        args.stamp.unlink(missing_ok=True)
        install(args)
        args.stamp.write_text(str(ROOT) + '\n')


if __name__ == '__main__':
    try:
        main()
    except SetupError as error:
        fail(error)
    except KeyboardInterrupt:
        fail('interrupted; run it again to go on')
    except OSError as error:
        fail(f'{error}. Is the disk full or read-only?')
