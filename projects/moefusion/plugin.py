"""Registers everything with MMDetection; configs name it in ``custom_imports``.

It is a module of its own, and not the package's ``__init__``, so that the plain PyTorch parts
(``moefusion.fusion``, ``moefusion.losses``, ``moefusion.metrics``) import without the mm stack.
"""

# ruff: noqa: E402, F401
from moefusion.versions import check_versions, import_mmdet

check_versions()
import_mmdet()

from moefusion import detection, engine, evaluation, models
from moefusion.datasets import (
    coco,
    loading,
    one_modality,
    paired,
    photometric,
    published,
    selecting,
    stock,
)
from moefusion.weights import loaders
