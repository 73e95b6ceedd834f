"""What an installation must be: light parts, headless OpenCV, consistent requirement files."""

import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

PURE = ('moefusion.fusion', 'moefusion.losses', 'moefusion.metrics')

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


@pytest.mark.parametrize('module', PURE)
def test_plain_parts_need_torch_alone(module):
    done = run(f'{ONLY_TORCH}\nimport {module}\nprint({module}.__name__)')
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == module


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


def pins(path):
    """``[(name, specifier, marker)]`` of a requirements file."""
    for line in path.read_text(encoding='utf-8').splitlines():
        if line.strip() and not line.startswith('#'):
            requirement = Requirement(line)
            yield requirement.name.lower(), str(requirement.specifier), requirement.marker


@pytest.mark.parametrize('python', ['3.10', '3.11', '3.12'])
def test_requirements_pin_each_package_once(repo_root, python):
    files = sorted((repo_root / 'requirements').glob('*.txt'))
    assert files
    seen = {}
    for path in files:
        for name, specifier, marker in pins(path):
            assert re.fullmatch(r'==[\w.]+', specifier), f'{path.name}: {name} is not pinned'
            if marker is None or marker.evaluate({'python_version': python}):
                assert seen.setdefault(name, specifier) == specifier, f'{path.name}: {name}'
    assert 'opencv-python-headless' in seen
    assert 'opencv-python' not in seen
    assert {'torch', 'numpy', 'matplotlib', 'pytest', 'onedl-mmcv', 'mmcv'} <= seen.keys()


def test_version_check_accepts_what_is_pinned(repo_root):
    from moefusion.versions import STACKS, check_versions

    for stack, file in (('OneDL', 'mminstall.txt'), ('original', 'mm-original.txt')):
        pinned = {name: spec[2:] for name, spec, _ in pins(repo_root / 'requirements' / file)}
        found = {module: {row[0]: pinned[row[0]]} for module, row in STACKS[stack].items()}
        assert check_versions(found) == stack


@pytest.mark.slow
def test_wheel_holds_every_module_and_data_file(repo_root, tmp_path):
    source = tmp_path / 'source'
    source.mkdir()
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(repo_root / name, source)
    shutil.copytree(
        repo_root / 'projects',
        source / 'projects',
        ignore=shutil.ignore_patterns('__pycache__', '*.egg-info'),
    )
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '-q',
            '--no-deps',
            '--no-build-isolation',
            '--wheel-dir',
            tmp_path,
            source,
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob('*.whl')
    packed = set(zipfile.ZipFile(wheel).namelist())
    projects = repo_root / 'projects'
    suffixes = ('py', 'csv', 'json', 'pth', 'md')
    present = {
        path.relative_to(projects).as_posix()
        for suffix in suffixes
        for path in (projects / 'moefusion').rglob(f'*.{suffix}')
    }
    assert {'moefusion/comparison/published.csv', 'moefusion/weights/moefusion-lite.pth'} <= present
    assert present <= packed
