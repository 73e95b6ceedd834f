"""Installs mmcv with compiled ops into the environment of the interpreter that runs this.

Tried in turn: the wheels kept from earlier, a wheel that pip finds, and a build from source whose
wheel is kept in ``.wheels``. Each has to prove that its ops run with this PyTorch, on the GPU too
if there is one. pip does it for this one package: uv cannot build a wheel of a package to keep,
nor does it show how far a compile of many minutes is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HEARTBEAT_S = 15.0
PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check']
# Run by an interpreter of its own, as ops that do not match PyTorch can end the process.
PROBE = """
import torch
from mmcv.ops import nms
devices = ['cpu'] + (['cuda'] if torch.cuda.is_available() else [])
for device in devices:
    boxes = torch.tensor([[0., 0., 10., 10.], [1., 1., 10., 10.], [20., 20., 30., 30.]])
    kept = nms(boxes.to(device), torch.tensor([.9, .8, .7]).to(device), 0.5)[1]
    assert kept.tolist() == [0, 2], (device, kept)
"""


def say(text: str) -> None:
    """Prints a line at once, indented below the set-up's own."""
    print(f'    {text}', flush=True)


def read_pin(path: Path) -> tuple[str, str]:
    """Name and version of mmcv in a requirements file, ``('onedl-mmcv', '2.3.6')``."""
    found = re.search(r'^((?:onedl-)?mmcv)==(\S+)$', path.read_text(encoding='utf-8'), re.MULTILINE)
    if not found:
        sys.exit(f'{path} does not pin mmcv: a line "mmcv==VERSION" is missing')
    return found[1], found[2]


def find_compiler() -> tuple[str, str]:
    """The C and C++ compilers: those of CC and CXX, those that built Python, then the usual."""
    for cc, cxx in (
        (os.environ.get('CC'), os.environ.get('CXX')),
        *zip(*((sysconfig.get_config_var(name) or '').split()[:1] for name in ('CC', 'CXX'))),
        ('gcc', 'g++'),
        ('cc', 'c++'),
        ('clang', 'clang++'),
    ):
        if cc and cxx and shutil.which(cc) and shutil.which(cxx):
            return cc, cxx
    sys.exit(
        'No wheel of mmcv fits and there is no C++ compiler to build it. Install one (on Debian '
        'and Ubuntu: apt-get install g++), or put a wheel into a folder and name the folder in '
        'PIP_FIND_LINKS.'
    )


def check_compiler(cxx: str) -> None:
    """Compiles two includes: exits with the cure if the headers of C++ or of Python lack."""
    include = sysconfig.get_paths()['include']
    command = [cxx, '-std=c++17', '-fsyntax-only', f'-I{include}', '-x', 'c++', '-']
    source = '#include <Python.h>\n#include <vector>\n'
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode:
        cure = 'Install a working C++17 compiler, or name it in CC and CXX.'
        if 'Python.h' in done.stderr:
            package = f'python{sysconfig.get_python_version()}-dev'
            cure = f'Install the headers of Python (Debian and Ubuntu: apt-get install {package}).'
        sys.exit(f'{cxx} cannot compile what mmcv needs: {done.stderr.strip()[:300]}\n{cure}')


def check_cuda() -> None:
    """Exits with the cure if there is no nvcc, which mmcv's CUDA ops need."""
    home = os.environ.get('CUDA_HOME') or os.environ.get('CUDA_PATH') or '/usr/local/cuda'
    if not (shutil.which('nvcc') or Path(home, 'bin', 'nvcc').is_file()):
        sys.exit(
            'There is a GPU and no wheel of mmcv with CUDA ops, and no nvcc to build them. Install '
            'the CUDA toolkit of the version that torch.version.cuda names and set CUDA_HOME, or '
            'do without the GPU: CUDA_VISIBLE_DEVICES= make ...'
        )


def default_jobs() -> int:
    """One compiler a core, but no more than memory holds at about 2 GB each; at least one."""
    free = re.search(r'MemAvailable:\s+(\d+) kB', Path('/proc/meminfo').read_text())
    fit = int(free[1]) // 2**21 if free else 1
    return max(1, min(len(os.sched_getaffinity(0)), fit))


def progress(log: str, spent_s: float) -> str:
    """One line about a compile: files done, time spent and time left, from ninja's ``[3/90]``."""
    spent = f'{spent_s / 60:.1f} min spent'
    steps = re.findall(r'^\s*\[(\d+)/(\d+)\] ', log, re.MULTILINE)
    if not steps:
        return f'still at work, {spent}'
    done, total = map(int, steps[-1])
    left_s = spent_s / max(done, 1) * (total - done)
    return f'{done} of {total} files compiled, {spent}, about {left_s / 60:.1f} min left'


def run_logged(command: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
    """Run a command with its output in ``log`` and signs of life on the console.

    Whatever ends this ends the command with all that it started, compilers for one. If it fails,
    the end of its output is printed.
    """
    start, nothing = time.monotonic(), subprocess.DEVNULL
    with log.open('wb') as out:
        process = subprocess.Popen(
            command, stdin=nothing, stdout=out, stderr=out, env=env, start_new_session=True
        )
    try:
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(HEARTBEAT_S)
                break
            say(progress(log.read_text(errors='replace'), time.monotonic() - start))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    if process.returncode:
        for line in log.read_text(errors='replace').splitlines()[-25:]:
            say(f'| {line}')
        sys.exit(f'mmcv cannot be built; the whole output: {log}. MAX_JOBS=1 needs less memory.')


def build(name: str, version: str, cache: Path, cuda: bool) -> Path:
    """Compiles the source distribution; only a whole wheel ever shows in ``cache``."""
    cc, cxx = find_compiler()
    check_compiler(cxx)
    if cuda:
        check_cuda()
    jobs = os.environ.get('MAX_JOBS') or str(default_jobs())
    log = cache / f'{name}.log'
    say(f'No wheel of {name} {version} fits. Its {"CUDA" if cuda else "CPU"} ops are compiled once')
    say(f'with MAX_JOBS={jobs}, which takes minutes; {cache} keeps the wheel and {log.name}.')
    env = {'CFLAGS': '-O2 -g0 -DNDEBUG', **os.environ}
    env |= dict(MMCV_WITH_OPS='1', MAX_JOBS=jobs, CC=cc, CXX=cxx)
    # of ninja
    env['PATH'] = f'{sysconfig.get_path("scripts")}{os.pathsep}{env.get("PATH", os.defpath)}'
    for stale in cache.glob('building-*'):  # of a build that was killed
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(dir=cache, prefix='building-') as folder:
        options = ['-v', '--no-deps', '--no-build-isolation', '--no-cache-dir', '--no-binary', name]
        where = ['--wheel-dir', folder, f'{name}=={version}']
        run_logged([*PIP, 'wheel', *options, *where], log, env)
        (wheel,) = Path(folder).glob('*.whl')
        return wheel.replace(cache / wheel.name)


def works(*what: str) -> bool:
    """Installs what pip finds for ``what`` without compiling; whether it is there and runs."""
    install = [*PIP, 'install', '-q', '--no-deps', '--force-reinstall', '--only-binary=:all:']
    done = subprocess.run([*install, *what], capture_output=True, text=True)
    if done.returncode:
        return False
    done = subprocess.run([sys.executable, '-c', PROBE], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ['it crashed'])[-1]
        say(f'{Path(what[-1]).name} does not work here ({reason})')
    return done.returncode == 0


def main(stack: Path, wheels: Path = Path('.wheels')) -> None:
    """Installs the mmcv that the requirements file ``stack`` pins."""
    import torch

    name, version = read_pin(stack)
    forced = os.environ.get('FORCE_CUDA') == '1'
    cuda = forced or torch.cuda.is_available()
    python = f'cp{sys.version_info[0]}{sys.version_info[1]}'
    cache = wheels / f'{python}-torch{torch.__version__}-{"cuda" if cuda else "cpu"}'
    cache.mkdir(parents=True, exist_ok=True)
    for wheel in cache.glob(f'{name.replace("-", "_")}-{version}-*.whl'):
        if works(str(wheel)):
            return
        wheel.unlink()
    # where CUDA is forced, no telling on this machine which ops a found wheel has
    if not forced and works(f'{name}=={version}'):
        return
    if not works(str(build(name, version, cache, cuda))):
        sys.exit(f'The {name} that was just built does not work; see the log in {cache}.')


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit('interrupted; run it again to go on')
