"""Reader of aligned visible / infrared pairs with VOC XML boxes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from mmdet.registry import DATASETS

from moefusion.datasets.base import Entry, PairedDataset
from moefusion.files import Annotation, list_folder, read_split, read_voc_annotation, to_id
from moefusion.files.annotations import group_files, several


@DATASETS.register_module()
class PairedXMLDataset(PairedDataset):
    """Aligned visible / infrared pairs with VOC XML boxes.

    A pair is named by its id, its files are ``<visible>/<id><visible_suffix>.*``,
    ``<infrared>/<id><infrared_suffix>.*`` and ``<annotation>/<id>.xml``, which may have either
    suffix too, and lack the id's folder. The split file ``ann_file`` lists one id or file name per
    line; without one, every image makes a pair. Coordinates become 0-based (1 off all four, as in
    MMDetection) and stay floats.
    """

    def _wanted(self, known: Collection[str]) -> Iterator[Entry]:
        ends = self.naming.ends
        files: dict[str, list[Path]] = {}
        if self.labelled:
            folder = self.data_prefix['annotation']
            files = group_files(list_folder(folder, ('.xml',), ends, self.naming.recursive), known)
        lines = read_split(self.ann_file) if self.ann_file else sorted(known)
        for line in lines:
            pair_id = to_id(line, known, ends) if self.ann_file else line
            found, entry = files.get(pair_id, []), Entry(pair_id=pair_id, img_id=pair_id)
            entry['annotation'] = str(found[0]) if found else None
            if self.labelled and not found:
                wanted = os.path.join(folder, f'{pair_id}.*')
                entry['missing'] = [f'{wanted}: no annotation file for pair {pair_id}']
            elif len(found) > 1:
                entry['missing'] = [f'{pair_id}: {several(found)}']
            yield entry

    def _annotation(self, pair: Entry) -> Annotation:
        return read_voc_annotation(pair['annotation'])
