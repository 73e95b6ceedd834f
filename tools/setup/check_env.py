"""Looks whether the environment is whole; run by its interpreter with the mm stack's file.

Each pinned package must be there in its version with all its files (an interrupted installation
leaves gaps), OpenCV must do without libGL, and the mm stack and moefusion must import.
"""

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version
from sweep import gaps

ROOT = Path(__file__).resolve().parents[2]
FILES = ['build.txt', 'torch.txt', 'runtime.txt', 'tests.txt']


def requirements(path):
    for line in Path(path).read_text(encoding='utf-8').splitlines():
        if line.strip() and not line.startswith('#'):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def problems(requirement):
    """What is wrong with one package, at most three things."""
    try:
        dist = distribution(requirement.name)
    except PackageNotFoundError:
        return [f'{requirement.name} is not installed']
    if not requirement.specifier.contains(Version(dist.version).public, prereleases=True):
        return [f'{requirement} is wanted, {dist.version} is installed']
    return [f'{requirement.name}: {file} is missing or cut short' for file in gaps(dist)[:3]]


def check_imports():
    """Imports what a run needs; what fails raises."""
    import cv2

    maps = Path('/proc/self/maps').read_text()
    if 'libGL.so' in maps:
        raise ImportError(
            f'{cv2.__file__} needs libGL: opencv-python is in the way of opencv-python-headless'
        )
    import mmcv.ops  # noqa: F401
    import mmdet.registry  # noqa: F401

    import moefusion

    home = Path(moefusion.__file__).resolve()
    if ROOT not in home.parents:
        raise ImportError(f'moefusion comes from {home.parent}, not from {ROOT}')
    from moefusion.versions import check_versions

    check_versions()


def main(stack):
    paths = [*(ROOT / 'requirements' / name for name in FILES), stack]
    found = [
        text
        for path in paths
        for requirement in requirements(path)
        for text in problems(requirement)
    ]
    if found:
        sys.exit('\n'.join(found))
    check_imports()


if __name__ == '__main__':
    main(sys.argv[1])
