"""Checks that mmengine, mmcv and mmdet are one of the two stacks that work here, and quiets them.

:func:`check_versions` reads the metadata of the installed distributions and imports none of them,
so that the error comes before theirs does (mmdet 3.3.0, for one, answers a newer mmcv with an
``AssertionError``).
"""

import contextlib
import io
import re
import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

# {module: (distribution, first version, first version that is too new)}; patch releases that
# came later are taken to work.
ONEDL = {
    'mmengine': ('onedl-mmengine', '0.10.12', '0.11'),
    'mmcv': ('onedl-mmcv', '2.3.6', '2.4'),
    'mmdet': ('onedl-mmdetection', '3.5.1', '3.6'),
}
ORIGINAL = {
    'mmengine': ('mmengine', '0.10.7', '0.11'),
    'mmcv': ('mmcv', '2.1.0', '2.2'),
    'mmdet': ('mmdet', '3.3.0', '3.4'),
}
STACKS = {'OneDL': ONEDL, 'original': ORIGINAL}
CURE = (
    'Set up the whole stack with `make setup` (OneDL) or `make setup MMSTACK=original`, or '
    'install what requirements/onedl.in or requirements/original.in names.'
)

# by module the versions of what is installed, by distribution
Installed = dict[str, dict[str, str]]

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


def parse_version(text: str) -> tuple[int, ...]:
    """``'2.1.0rc1+cpu'`` as a tuple of numbers that compares, ``(2, 1, 0)``."""
    numbers = re.match(r'\d+(\.\d+)*', text)
    if not numbers:
        raise ValueError(f'{text!r} is no version number')
    return tuple(int(number) for number in numbers.group().split('.'))


def installed_versions() -> Installed:
    """For each of the modules mmengine, mmcv and mmdet what is installed of both stacks, if any.

    A module that comes from a source tree, without metadata, counts as the original distribution
    in its own ``__version__``.
    """
    found: Installed = {}
    for module in ORIGINAL:
        found[module] = {}
        for stack in STACKS.values():
            name = stack[module][0]
            try:
                found[module][name] = version(name)
            except PackageNotFoundError:
                pass
        if not found[module] and find_spec(module) is not None:
            found[module][ORIGINAL[module][0]] = import_module(f'{module}.version').__version__
    return found


def check_versions(found: Installed | None = None) -> str:
    """Check the mm stack, by default the installed one; return ``'OneDL'`` or ``'original'``.

    Raises:
        ImportError: a package is missing, outside the versions that work, there twice, or of the
            other stack than the rest. The message names it, what was found, what is supported
            and the cure.
    """
    if found is None:
        found = installed_versions()
    for module, versions in found.items():
        if len(versions) > 1:
            both = ' and '.join(f'{name} {number}' for name, number in versions.items())
            raise ImportError(
                f'{both} are both installed and overwrite each other in the package {module}. '
                f'Uninstall both ({"pip uninstall " + " ".join(versions)}). {CURE}'
            )
    stack_name = _choose_stack(found)
    for module, (name, first, end) in STACKS[stack_name].items():
        versions = found.get(module, {})
        supported = f'the {stack_name} stack needs {name} >= {first}, < {end}'
        if not versions:
            raise ImportError(f'{module} is not installed; {supported}. {CURE}')
        ((present, number),) = versions.items()
        if present != name:
            raise ImportError(
                f'{present} {number} is installed, but {supported}: the two stacks '
                f'do not mix. {CURE}'
            )
        if not parse_version(first) <= parse_version(number) < parse_version(end):
            raise ImportError(f'{present} {number} is installed; {supported}. {CURE}')
    if stack_name == 'original':
        check_pkg_resources()
    return stack_name


def check_pkg_resources() -> None:
    """The original mmengine imports ``pkg_resources``, which setuptools 82 no longer has.

    Raises:
        ImportError: it is not there.
    """
    if find_spec('pkg_resources') is None:
        raise ImportError(
            'the original mmengine needs the module pkg_resources, which setuptools '
            "82 and later lack. Run `pip install 'setuptools<81'`."
        )


def _choose_stack(found: Installed) -> str:
    """The stack that most of the installed packages belong to, OneDL on a draw."""
    names = {name for versions in found.values() for name in versions}
    counts = {
        stack: len(names.intersection(row[0] for row in rows.values()))
        for stack, rows in STACKS.items()
    }
    return max(counts, key=lambda stack: counts[stack])
