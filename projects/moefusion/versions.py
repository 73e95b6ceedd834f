"""Checks that mmengine, mmcv and mmdet are one of the two stacks that work here, and quiets them.

:func:`check_versions` reads the metadata of the installed distributions and imports none of them,
so that the error comes before theirs does (mmdet 3.3.0, for one, answers a newer mmcv with an
``AssertionError``).
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from packaging.specifiers import SpecifierSet

Found = dict[str, dict[str, str]]  # by module, then by distribution: what is installed

# {module: (distribution, its versions)}; patch releases that came later are taken to work.
ONEDL = {
    'mmengine': ('onedl-mmengine', '>=0.10.12,<0.11'),
    'mmcv': ('onedl-mmcv', '>=2.3.6,<2.4'),
    'mmdet': ('onedl-mmdetection', '>=3.5.1,<3.6'),
}
ORIGINAL = {
    'mmengine': ('mmengine', '>=0.10.7,<0.11'),
    'mmcv': ('mmcv', '>=2.1.0,<2.2'),
    'mmdet': ('mmdet', '>=3.3.0,<3.4'),
}
STACKS = {'OneDL': ONEDL, 'original': ORIGINAL}
CURE = (
    'Set up the whole stack with `make setup` (OneDL) or `make setup MMSTACK=original`, or '
    'install what requirements/onedl.in or requirements/original.in names.'
)

# What the stacks say about packages that nothing here uses, and about their own future.
GREETING = 'Could not import OneDL. Skipping OneDL datasets.'
WARNINGS = (
    'faster_coco_eval is not installed',
    'pkg_resources is deprecated',
    'Deprecated call to `pkg_resources',
    '`torch.jit',
)


def silence_others() -> None:
    """Ignore the warnings of ``WARNINGS``; call it before anything of the stack is imported."""
    for message in WARNINGS:
        warnings.filterwarnings('ignore', re.escape(message))


def import_mmdet() -> None:
    """Import MMDetection's data sets without the line that they print; other lines stay."""
    silence_others()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            import_module('mmdet.datasets')
    finally:
        for line in printed.getvalue().splitlines():
            if line != GREETING:
                print(line)


def installed_versions() -> Found:
    """What is installed of both stacks.

    Returns:
        dict[str, dict[str, str]]: for each of the modules mmengine, mmcv and mmdet the versions
        by distribution name; empty where there is none. A module that comes from a source tree,
        without metadata, counts as the original distribution in its own ``__version__``.
    """
    found: Found = {module: {} for module in ORIGINAL}
    for module, versions in found.items():
        for stack in STACKS.values():
            with contextlib.suppress(PackageNotFoundError):
                versions[stack[module][0]] = version(stack[module][0])
        if not versions and find_spec(module) is not None:
            versions[ORIGINAL[module][0]] = import_module(f'{module}.version').__version__
    return found


def check_versions(found: Found | None = None) -> str:
    """Check the mm stack.

    Args:
        found (dict, optional): as :func:`installed_versions` returns it, which is the default.

    Returns:
        str: the name of the stack, ``'OneDL'`` or ``'original'``.

    Raises:
        ImportError: a package is missing, outside the versions that work, there twice, or of the
            other stack than the rest. The message names it, what was found, what is supported
            and the cure.
    """
    found = installed_versions() if found is None else found
    for module, present in found.items():
        if len(present) > 1:
            both = ' and '.join(f'{name} {number}' for name, number in present.items())
            raise ImportError(
                f'{both} are both installed and overwrite each other in the package {module}. '
                f'Uninstall both ({"pip uninstall " + " ".join(present)}). {CURE}'
            )
    names = {name for present in found.values() for name in present}
    # the one that most of the installed packages belong to, OneDL on a draw
    stack = max(STACKS, key=lambda stack: len(names & {row[0] for row in STACKS[stack].values()}))
    for module, (name, versions) in STACKS[stack].items():
        supported = f'the {stack} stack needs {name}{versions}'
        if not found.get(module):
            raise ImportError(f'{module} is not installed; {supported}. {CURE}')
        ((other, number),) = found[module].items()
        if other != name:
            raise ImportError(
                f'{other} {number} is installed, but {supported}: the two stacks do not mix. {CURE}'
            )
        if not SpecifierSet(versions).contains(number, prereleases=True):
            raise ImportError(f'{name} {number} is installed; {supported}. {CURE}')
    if stack == 'original' and find_spec('pkg_resources') is None:
        raise ImportError(
            'the original mmengine needs the module pkg_resources, which setuptools '
            "82 and later lack. Run `pip install 'setuptools<81'`."
        )
    return stack
