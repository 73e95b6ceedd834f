"""Reader of aligned visible / infrared pairs with COCO json boxes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import ClassVar

from mmdet.registry import DATASETS

from moefusion.datasets.base import Entry, PairedDataset
from moefusion.files import Annotation, AnnotationError, read_coco
from moefusion.files.annotations import several
from moefusion.files.folders import match_ids


@DATASETS.register_module()
class PairedCocoDataset(PairedDataset):
    """Aligned visible / infrared pairs with COCO json boxes.

    ``file_name`` in the json names the visible image under ``data_prefix['img']``, or the infrared
    one; its partner has the same id, see ``PairedXMLDataset``. Names with folders search them. Two
    images of one pair are refused.
    Categories that ``metainfo`` leaves out are dropped, as in MMDetection; without classes in
    ``metainfo`` all of the file's are read.

    As in MMDetection, labels follow the order of the file's categories, which MMDetection's
    ``CocoMetric`` goes by. ``metainfo['classes']`` takes that order as soon as the file is read,
    so a label always is the index of its name there.

    Args:
        **kwargs: those of ``PairedDataset``.

    Raises:
        AnnotationError: see :func:`moefusion.files.read_coco`; or a class of ``metainfo`` that the
            file does not have.
    """

    FOLDERS: ClassVar = dict(visible='Vis', infrared='Ir')

    def _wanted(self, known: Collection[str]) -> Iterator[Entry]:
        images = {image.file_name: image for image in self._file.images}
        for pair_id, names in match_ids(images, known, self.naming.ends).items():
            found = [images[name] for name in names]
            entry = Entry(pair_id=pair_id, img_id=found[0].id, annotation=found[0].annotation)
            if self.labelled and len(found) > 1:
                entry['missing'] = [f'{pair_id}: {several(found)}']
            yield entry

    def list_pairs(self) -> tuple[list[Entry], list[str]]:
        """Read the json, then find the files of every pair, see ``PairedDataset``."""
        self._file = read_coco(self.ann_file, self.findings, self.labelled)
        if any('/' in image.file_name or '\\' in image.file_name for image in self._file.images):
            self.naming = replace(self.naming, recursive=True)
        if self.labelled:
            self._order_classes(self._file.categories)
        try:
            return super().list_pairs()
        finally:
            del self._file

    def _annotation(self, pair: Entry) -> Annotation:
        return pair['annotation']

    def _order_classes(self, categories: list[str]) -> None:
        """Bring the classes, and their colours, into the order of the file."""
        asked = tuple(self._metainfo.get('classes') or categories)
        if absent := [name for name in asked if name not in categories]:
            raise AnnotationError(
                f'{self.ann_file}: no categories {absent}; the file has {categories}. Set '
                'metainfo=dict(classes=...) to names of its categories.'
            )
        order = sorted(range(len(asked)), key=lambda index: categories.index(asked[index]))
        classes = tuple(asked[index] for index in order)
        if classes != asked:
            self.findings.add(f'classes in the order of the file, {classes}', self.ann_file)
        palette = self._metainfo.get('palette')
        if isinstance(palette, (list, tuple)) and len(palette) == len(asked):
            self._metainfo['palette'] = [palette[index] for index in order]
        self._metainfo['classes'] = classes
        self.ignore_classes += tuple(categories)
