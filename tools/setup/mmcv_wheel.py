"""Installs mmcv with compiled ops: from a wheel that fits, else built once and kept."""

import glob
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from console import SetupError, run, say

# Runs in the environment. Compiled ops that do not match PyTorch fail to load or to run.
PROBE = """
import torch
from mmcv.ops import nms
devices = ['cpu'] + (['cuda'] if torch.cuda.is_available() else [])
for device in devices:
    boxes = torch.tensor([[0., 0., 10., 10.], [1., 1., 10., 10.], [20., 20., 30., 30.]])
    kept = nms(boxes.to(device), torch.tensor([.9, .8, .7]).to(device), 0.5)[1]
    assert kept.tolist() == [0, 2], (device, kept)
"""
FACTS = """
import sys, torch
print('cp%d%d' % sys.version_info[:2], torch.__version__, int(torch.cuda.is_available()))
"""


def probe(python):
    """Why the installed mmcv does not work here; an empty string if it does."""
    done = subprocess.run([python, '-c', PROBE], capture_output=True, text=True)
    return '' if done.returncode == 0 else (done.stderr.strip().splitlines() or ['?'])[-1]


def installed(python, name, version):
    code = f'from importlib.metadata import version; print(version({name!r}))'
    done = subprocess.run([python, '-c', code], capture_output=True, text=True)
    return done.stdout.strip() == version


def find_compiler():
    """The C and C++ compilers: those of the environment variables, of Python, then the usual."""
    for cc, cxx in (
        (os.environ.get('CC'), os.environ.get('CXX')),
        (
            (sysconfig.get_config_var('CC') or '').split(' ')[0],
            (sysconfig.get_config_var('CXX') or '').split(' ')[0],
        ),
        ('gcc', 'g++'),
        ('cc', 'c++'),
        ('clang', 'clang++'),
    ):
        if cc and cxx and shutil.which(cc) and shutil.which(cxx):
            return cc, cxx
    raise SetupError(
        'no wheel of mmcv fits and there is no C++ compiler to build it. Install one (on Debian '
        'and Ubuntu: apt-get install g++), or put a wheel into a folder and name the folder in '
        'PIP_FIND_LINKS.'
    )


def check_compiler(cxx):
    """Compiles two includes: are the headers of C++ and of Python there?"""
    include = sysconfig.get_paths()['include']
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, 'try.cpp')
        source.write_text('#include <Python.h>\n#include <vector>\nint main() { return 0; }\n')
        done = subprocess.run(
            [cxx, '-std=c++17', '-fsyntax-only', f'-I{include}', str(source)],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        version = sysconfig.get_python_version()
        cure = (
            f'Install the headers of Python (on Debian and Ubuntu: apt-get install '
            f'python{version}-dev).'
            if 'Python.h' in done.stderr
            else 'Install a working C++17 compiler, or name it in CC and CXX.'
        )
        raise SetupError(
            f'{cxx} cannot compile what mmcv needs: {done.stderr.strip()[:300]}\n{cure}'
        )


def check_cuda():
    """A machine with a GPU needs mmcv's CUDA ops, and those need nvcc."""
    home = os.environ.get('CUDA_HOME') or os.environ.get('CUDA_PATH') or '/usr/local/cuda'
    if not (shutil.which('nvcc') or Path(home, 'bin', 'nvcc').is_file()):
        raise SetupError(
            'there is a GPU and no wheel of mmcv with CUDA ops, and no nvcc to build them. Install '
            'the CUDA toolkit of the version that torch.version.cuda names and set CUDA_HOME, or '
            'do without the GPU: CUDA_VISIBLE_DEVICES= make ...'
        )


def default_jobs():
    """One compiler a core, but no more than memory holds at about 2 GB each."""
    jobs = len(os.sched_getaffinity(0))
    try:
        text = Path('/proc/meminfo').read_text()
        available = int(text.split('MemAvailable:')[1].split()[0]) / 2**20
        jobs = min(jobs, int(available / 2))
    except (OSError, IndexError, ValueError):
        pass
    return str(max(jobs, 1))


def build(python, name, version, cache, cuda, log):
    """Compiles mmcv's source distribution into a wheel in ``cache``; half a wheel never shows."""
    cc, cxx = find_compiler()
    check_compiler(cxx)
    if cuda:
        check_cuda()
    jobs = os.environ.get('MAX_JOBS') or default_jobs()
    minutes = 'half an hour or more' if cuda else f'{max(2, 14 // int(jobs))} minutes'
    say(
        f'    no wheel fits: compiling the {"CUDA" if cuda else "CPU"} ops of {name} {version} '
        f'with {jobs} jobs, about {minutes}.\n    It is done once, the wheel is kept in {cache}. '
        f'Full output: {log}'
    )
    env = dict(os.environ, MAX_JOBS=jobs, MMCV_WITH_OPS='1', CC=cc, CXX=cxx)
    env['CFLAGS'] = os.environ.get('CFLAGS', '-O2 -g0 -DNDEBUG')
    env['PATH'] = f'{Path(python).parent}{os.pathsep}{env["PATH"]}'  # ninja
    for stale in cache.glob(f'building-{name}-*'):  # of a build that was killed
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f'building-{name}-') as folder:
        run(
            [
                python,
                '-m',
                'pip',
                'wheel',
                '-v',
                '--no-deps',
                '--no-build-isolation',
                '--no-binary',
                name,
                '--no-cache-dir',
                '--wheel-dir',
                folder,
                f'{name}=={version}',
            ],
            log,
            env,
            'Less memory is needed with MAX_JOBS=1.',
        )
        wheel = Path(glob.glob(f'{folder}/*.whl')[0])
        wheel.replace(cache / wheel.name)
    return cache / wheel.name


def download(python, name, version, folder):
    """A wheel from PIP_FIND_LINKS or the index, or None."""
    subprocess.run(
        [
            python,
            '-m',
            'pip',
            'download',
            '-q',
            '--no-deps',
            '--only-binary=:all:',
            '--dest',
            folder,
            f'{name}=={version}',
        ],
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return next(iter(glob.glob(f'{folder}/*.whl')), None)


def install_mmcv(python, name, version, wheels, log):
    """Installs mmcv ``version`` with ops that run on this machine's devices.

    Tried in turn: what is installed, the wheels kept from earlier, a wheel that pip finds, and
    a build from source.

    Args:
        python (str): interpreter of the environment.
        name (str): ``'onedl-mmcv'`` or ``'mmcv'``.
        version (str): its exact version.
        wheels (Path): folder for built wheels, one subfolder a Python, PyTorch and device kind.
        log (str): file for the full output.
    """
    if installed(python, name, version) and not probe(python):
        return
    facts = subprocess.run([python, '-c', FACTS], capture_output=True, text=True, check=True)
    tag, torch_version, gpu = facts.stdout.split()
    cuda = gpu == '1' or os.environ.get('FORCE_CUDA') == '1'
    cache = wheels / f'{tag}-torch{torch_version}-{"cuda" if cuda else "cpu"}'
    cache.mkdir(parents=True, exist_ok=True)

    def works(wheel):
        run([python, '-m', 'pip', 'install', '--no-deps', '--force-reinstall', str(wheel)], log)
        reason = probe(python)
        if reason:
            say(f'    {Path(wheel).name} does not work here ({reason})')
        return not reason

    for wheel in cache.glob(f'{name.replace("-", "_")}-{version}-*.whl'):
        if works(wheel):
            return
        wheel.unlink()
    if os.environ.get('FORCE_CUDA') != '1':  # no telling on this machine which ops a wheel has
        with tempfile.TemporaryDirectory() as folder:
            wheel = download(python, name, version, folder)
            if wheel and works(wheel):
                return
    if not works(build(python, name, version, cache, cuda, log)):
        raise SetupError(f'the freshly built {name} does not work; see {log}')
