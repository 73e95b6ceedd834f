"""Imports names when they are asked for, and says which extra brings a module that is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType

EXTRAS = {
    'av': 'video',
    'gradio': 'demo',
    'torch': 'torch',
    'flyr': 'thermal',
    'matplotlib': 'torch',
    'mmcv': 'mm',
    'mmdet': 'mm',
    'mmengine': 'mm',
    'onnx': 'export',
    'onnx_ir': 'export',
    'onnxscript': 'export',
    'pandas': 'torch',
}


def need(name: str, user: str, extra: str | None = None) -> ModuleType:
    """Import a module.

    Args:
        name (str): the module, with its dots.
        user (str): what it is imported for, such as ``'moefusion.fusion'``.
        extra (str, optional): what brings all that ``user`` needs. Defaults to the extra of the
            missing module.

    Raises:
        ImportError: if it, or what it imports, is not installed, with the extra that brings it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or '').split('.')[0]
        if missing not in EXTRAS:
            raise
        raise ImportError(
            f"{user} needs {missing}: pip install 'moefusion[{extra or EXTRAS[missing]}]'",
            name=missing,
        ) from error


def lazy(
    package: str, modules: Mapping[str, str], extra: str | None = None
) -> Callable[[str], object]:
    """A package's ``__getattr__``, which imports the modules of its names when they are asked for.

    Args:
        package (str): its name, of which an ``AttributeError`` speaks.
        modules (Mapping[str, str]): for each name its module, below ``moefusion``.
        extra (str, optional): as in :func:`need`.
    """

    def load(name: str) -> object:
        if name not in modules:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(need(f'moefusion.{modules[name]}', f'{package}.{name}', extra), name)

    return load
