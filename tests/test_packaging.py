"""What an installation must be: light parts, headless OpenCV, consistent requirement files."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import metadata, version

import cv2
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PLAIN = """
import moefusion.fusion, moefusion.image, moefusion.losses, moefusion.metrics
from moefusion import FusionNetwork, fusion_metrics
"""

# Refuses every import that PyTorch and NumPy alone do not bring.
ONLY_TORCH = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    names = {'mmengine', 'mmcv', 'mmdet', 'cv2', 'PIL', 'scipy', 'skimage', 'matplotlib',
             'torchmetrics', 'torchvision', 'pycocotools', 'tqdm', 'addict', 'yaml'}

    def find_spec(self, fullname, path=None, target=None):
        if fullname.split('.')[0] in self.names:
            raise ModuleNotFoundError(f'{fullname} is not there')

sys.meta_path.insert(0, Refuse())
"""


def run(code):
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)


def test_plain_parts_need_torch_alone():
    done = run(ONLY_TORCH + PLAIN)
    assert done.returncode == 0, done.stderr


def test_the_refusal_above_works():
    done = run(f'{ONLY_TORCH}\nimport mmengine')
    assert 'mmengine is not there' in done.stderr


def test_version_is_the_installed_one():
    import moefusion

    assert re.fullmatch(r'\d+\.\d+\.\d+', moefusion.__version__)
    assert version('moefusion') == moefusion.__version__


def test_opencv_needs_no_display():
    done = run("import cv2; print('libGL.so' in open('/proc/self/maps').read())")
    assert done.stdout.strip() == 'False', 'opencv-python is in the way of opencv-python-headless'


def requirements(path):
    """Each requirement of a file, without comments."""
    for line in path.read_text(encoding='utf-8').splitlines():
        text = line.split('#')[0].strip()
        if text:
            yield Requirement(text)


@pytest.mark.parametrize('python', ['3.10', '3.11', '3.12'])
def test_pins_name_each_package_once_and_hold_what_is_asked(repo_root, python):
    """Python 3.10 to 3.12 on Linux: one version each, the ones that requirements/*.in ask for."""
    folder = repo_root / 'requirements'
    here = {
        'python_version': python,
        'python_full_version': f'{python}.5',
        'sys_platform': 'linux',
        'platform_python_implementation': 'CPython',
    }
    pins = {}
    for requirement in requirements(folder / 'pinned.txt'):
        assert re.fullmatch(r'==[\w.]+', str(requirement.specifier)), requirement
        if requirement.marker is None or requirement.marker.evaluate(here):
            name = canonicalize_name(requirement.name)
            assert name not in pins
            pins[name] = str(requirement.specifier)[2:]
    for wanted in requirements(folder / 'common.in'):
        version = pins[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f'{wanted}: {version} is pinned; run `make lock`'
    left_out = {
        requirement.name
        for name in ('excluded.txt', 'unpinned.txt', 'onedl.in', 'original.in')
        for requirement in requirements(folder / name)
    }
    assert 'opencv-python' in left_out
    assert not left_out & pins.keys()
    assert not [name for name in pins if name.startswith('nvidia')]


def test_requirements_name_no_index(repo_root):
    for path in (repo_root / 'requirements').iterdir():
        assert not re.search(r'://|^-|index', path.read_text(), re.MULTILINE), path.name


def test_extras_fit_the_pins(repo_root):
    """What `pip install moefusion[...]` allows, `make setup` installs."""
    names = ('pinned.txt', 'onedl.in')
    pins = {
        canonicalize_name(requirement.name): str(requirement.specifier)[2:]
        for name in names
        for requirement in requirements(repo_root / 'requirements' / name)
        if requirement.marker is None or requirement.marker.evaluate()
    }
    for text in metadata('moefusion').get_all('Requires-Dist'):
        requirement = Requirement(text)
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin), f'{text}: {pin} is pinned'


def test_version_check_accepts_what_is_pinned(repo_root):
    from moefusion.versions import STACKS, check_versions

    for stack, file in (('OneDL', 'onedl.in'), ('original', 'original.in')):
        pinned = {
            requirement.name: str(requirement.specifier)[2:]
            for requirement in requirements(repo_root / 'requirements' / file)
        }
        found = {module: {row[0]: pinned[row[0]]} for module, row in STACKS[stack].items()}
        assert check_versions(found) == stack


@pytest.fixture(scope='module')
def distributions(repo_root, tmp_path_factory):
    """Wheel and sdist of the checkout."""
    out = tmp_path_factory.mktemp('dist')
    source = out / 'source'
    source.mkdir()
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(repo_root / name, source)
    shutil.copytree(
        repo_root / 'projects',
        source / 'projects',
        ignore=shutil.ignore_patterns('__pycache__', '*.egg-info'),
    )
    for kind in ('sdist', 'bdist_wheel'):
        command = [sys.executable, 'setup.py', '-q', kind, '--dist-dir', str(out)]
        subprocess.run(command, cwd=source, check=True)
    return *out.glob('*.whl'), *out.glob('*.tar.gz')


@pytest.mark.slow
def test_distributions_hold_every_module_and_data_file(repo_root, distributions):
    wheel, sdist = distributions
    packed = set(zipfile.ZipFile(wheel).namelist())
    projects = repo_root / 'projects'
    suffixes = ('py', 'typed', 'csv', 'json', 'pth', 'onnx', 'md')
    present = {
        path.relative_to(projects).as_posix()
        for suffix in suffixes
        for path in (projects / 'moefusion').rglob(f'*.{suffix}')
    }
    assert 'moefusion/comparison/published.csv' in present
    assert {f'moefusion/weights/moefusion-lite.{end}' for end in ('pth', 'onnx')} <= present
    assert 'moefusion/py.typed' in present
    assert present <= packed
    assert {name.split('/')[0] for name in packed if '.dist-info' not in name} == {'moefusion'}
    with tarfile.open(sdist) as archive:
        sources = {name.split('/', 1)[-1] for name in archive.getnames()}
    assert {f'projects/{name}' for name in present} | {'setup.py', 'pyproject.toml'} <= sources
    assert max(wheel.stat().st_size, sdist.stat().st_size) < 15e6


@pytest.mark.slow
def test_the_wheel_alone_fuses_a_pair(repo_root, distributions, tmp_path):
    """In an empty environment, from another folder, with what the base installation brings.

    The versions are the pinned ones, which `make setup` has left in uv's cache: what was published
    since, and a slow net, are not tested.
    """
    subprocess.run([sys.executable, '-m', 'venv', tmp_path / 'env'], check=True)
    scripts = tmp_path / 'env' / 'bin'
    uv, into = repo_root / '.uv/bin/uv', ['install', '-q', '-c', 'requirements/pinned.txt']
    install = [uv, 'pip'] if uv.exists() else [scripts / 'python', '-m', 'pip']
    where = ['--python', scripts / 'python'] if uv.exists() else []
    command = [*install, *into, *where, distributions[0]]
    subprocess.run(command, cwd=repo_root, check=True, timeout=900)
    for name, channels in (('v', 3), ('i', 1)):
        image = np.random.randint(0, 256, (40, 56, channels), np.uint8)
        cv2.imwrite(str(tmp_path / f'{name}.png'), image)
    fuse = [scripts / 'moefusion', 'fuse', 'v.png', 'i.png', '--out-dir', 'out']
    alone = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    done = subprocess.run(fuse, cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert cv2.imread(str(tmp_path / 'out' / 'v.png')).shape == (40, 56, 3)
    found = subprocess.run(
        [scripts / 'python', '-m', 'pip', 'list'], capture_output=True, text=True
    )
    assert 'torch' not in found.stdout and 'mmengine' not in found.stdout
