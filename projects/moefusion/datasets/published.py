"""Readers of the published data sets of the paper (section 4.1): M3FD, FLIR aligned and LLVIP."""

from __future__ import annotations

from typing import Any, ClassVar

from mmdet.registry import DATASETS

from moefusion.datasets.paired import PairedXMLDataset


@DATASETS.register_module()
class M3FDDataset(PairedXMLDataset):
    """M3FD: 4,200 pairs of 1024 x 768, 3,900 / 300 in the paper; no split is published.

    Layout: ``Vis/00000.png``, ``Ir/00000.png``, ``Annotation/00000.xml``.
    """

    METAINFO: ClassVar = dict(
        classes=('People', 'Car', 'Bus', 'Motorcycle', 'Lamp', 'Truck'),
        palette=[
            (220, 20, 60),
            (30, 110, 240),
            (0, 180, 120),
            (200, 60, 220),
            (250, 190, 30),
            (250, 110, 20),
        ],
    )


@DATASETS.register_module()
class FLIRAlignedDataset(PairedXMLDataset):
    """FLIR ADAS, the "aligned" version: 5,142 pairs of 640 x 512, 4,129 / 1,013.

    Layout: ``JPEGImages/FLIR_00002_RGB.jpg``, ``JPEGImages/FLIR_00002_PreviewData.jpeg``,
    ``Annotations/FLIR_00002_PreviewData.xml``, ``align_train.txt``, ``align_validation.txt``; the
    split files name the infrared image. A few images carry a ``dog``, no class of the data set.
    """

    METAINFO: ClassVar = dict(
        classes=('person', 'car', 'bicycle'), palette=[(220, 20, 60), (30, 110, 240), (0, 180, 120)]
    )
    FOLDERS: ClassVar = dict(visible='JPEGImages', infrared='JPEGImages', annotation='Annotations')
    LAYOUT = 'flir'
    IGNORED = ('dog',)


@DATASETS.register_module()
class LLVIPDataset(PairedXMLDataset):
    """LLVIP: 15,488 pairs of 1280 x 1024, 12,025 / 3,463 by folder.

    Layout: ``visible/train/010001.jpg``, ``infrared/train/010001.jpg``, the same under ``test``,
    and ``Annotations/010001.xml`` for both.

    Args:
        split (str): 'train' or 'test'.
    """

    METAINFO: ClassVar = dict(classes=('person',), palette=[(220, 20, 60)])

    def __init__(
        self,
        *args: Any,
        split: str = 'train',
        data_prefix: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Choose the folders of the split."""
        if split not in ('train', 'test'):
            raise ValueError(f"split must be 'train' or 'test', got {split!r}")
        folders = dict(
            visible=f'visible/{split}', infrared=f'infrared/{split}', annotation='Annotations'
        )
        super().__init__(*args, data_prefix={**folders, **(data_prefix or {})}, **kwargs)
