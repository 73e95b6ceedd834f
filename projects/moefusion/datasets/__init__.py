"""Paired data: readers, loading, layout check. Names load when asked for: they need MMDetection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moefusion.extras import lazy

if TYPE_CHECKING:
    from moefusion.datasets.coco import PairedCocoDataset
    from moefusion.datasets.layout import LayoutReport, check_layout
    from moefusion.datasets.loading import LoadPairedImage
    from moefusion.datasets.one_modality import Photometric
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
    'Photometric',
    'RandomPairTone',
    'SelectModality',
    'check_layout',
    'find_readers',
]
_MODULES = {
    'FLIRAlignedDataset': 'datasets.published',
    'LLVIPDataset': 'datasets.published',
    'LayoutReport': 'datasets.layout',
    'LoadPairedImage': 'datasets.loading',
    'M3FDDataset': 'datasets.published',
    'PairedCocoDataset': 'datasets.coco',
    'PairedXMLDataset': 'datasets.paired',
    'Photometric': 'datasets.one_modality',
    'RandomPairTone': 'datasets.photometric',
    'SelectModality': 'datasets.selecting',
    'check_layout': 'datasets.layout',
    'find_readers': 'datasets.readers',
}

__getattr__ = lazy(__name__, _MODULES)
