"""Says which extra of the package brings a module that is not installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

EXTRAS = {
    'torch': 'torch',
    'matplotlib': 'mm',
    'mmcv': 'mm',
    'mmdet': 'mm',
    'mmengine': 'mm',
    'onnx': 'export',
    'onnx_ir': 'export',
    'onnxscript': 'export',
    'pandas': 'mm',
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
