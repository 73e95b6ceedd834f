"""Registers everything with MMDetection; configs name it in ``custom_imports``.

It is a module of its own, and not the package's ``__init__``, so that the plain PyTorch parts
(``moefusion.fusion``, ``moefusion.losses``, ``moefusion.metrics``) import without the mm stack.
"""
from .versions import check_versions

check_versions()

from . import datasets, detection, engine, evaluation, models  # noqa: E402

__all__ = ['datasets', 'detection', 'engine', 'evaluation', 'models']
