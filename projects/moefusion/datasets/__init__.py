"""Paired data: readers, loading, layout check. Names load when asked for: they need MMDetection."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moefusion.datasets.coco import PairedCocoDataset
    from moefusion.datasets.layout import LayoutReport, check_layout
    from moefusion.datasets.loading import LoadPairedImage
    from moefusion.datasets.paired import PairedXMLDataset
    from moefusion.datasets.photometric import RandomPairTone
    from moefusion.datasets.published import FLIRAlignedDataset, LLVIPDataset, M3FDDataset
    from moefusion.datasets.readers import find_readers
    from moefusion.datasets.selecting import SelectModality

__all__ = [
    'FLIRAlignedDataset',
    'LLVIPDataset',
    'LayoutReport',
    'LoadPairedImage',
    'M3FDDataset',
    'PairedCocoDataset',
    'PairedXMLDataset',
    'RandomPairTone',
    'SelectModality',
    'check_layout',
    'find_readers',
]
_MODULES = {
    'FLIRAlignedDataset': 'published',
    'LLVIPDataset': 'published',
    'LayoutReport': 'layout',
    'LoadPairedImage': 'loading',
    'M3FDDataset': 'published',
    'PairedCocoDataset': 'coco',
    'PairedXMLDataset': 'paired',
    'RandomPairTone': 'photometric',
    'SelectModality': 'selecting',
    'check_layout': 'layout',
    'find_readers': 'readers',
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
