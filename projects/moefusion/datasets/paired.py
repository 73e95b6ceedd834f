"""Base of the readers: aligned visible / infrared pairs with VOC XML boxes, any layout."""

import os

from mmdet.datasets import XMLDataset
from mmdet.registry import DATASETS

from moefusion.datasets.findings import warn
from moefusion.files import (
    IMAGE_SUFFIXES,
    AnnotationError,
    Findings,
    PairError,
    read_size,
    read_split,
    read_voc,
)
from moefusion.files.folders import paths_by_stem


@DATASETS.register_module()
class PairedXMLDataset(XMLDataset):
    """Aligned visible / infrared pairs with VOC XML boxes.

    A pair is named by its id, its files are ``<visible>/<id><visible_suffix>.*``,
    ``<infrared>/<id><infrared_suffix>.*`` and ``<annotation>/<id><annotation_suffix>.xml``. The
    split file ``ann_file`` lists one id per line; without one, every image makes a pair.

    Boxes are clipped to the image; those that are inverted, outside or thinner than a pixel are
    dropped, with one warning that counts them. Coordinates become 0-based (1 off all four, as in
    MMDetection) and stay floats.

    Args:
        data_prefix (dict): the folders visible, infrared and annotation under ``data_root``, where
            they differ from the layout's own.
        labelled (bool): False reads no annotations, for pairs that only need fusing.
        ignore_classes (Sequence[str]): stray class names, dropped and counted in the log, as are
            the data set's classes that ``metainfo`` leaves out. Any other class name raises.
        **kwargs: those of MMDetection's ``XMLDataset``.

    Raises:
        PairError: no pairs, or pairs with a missing file.
        AnnotationError: a broken annotation, or a class neither known nor ignored.
    """

    FOLDERS = dict(visible='Vis', infrared='Ir', annotation='Annotation')
    visible_suffix = infrared_suffix = annotation_suffix = ''

    def __init__(self, *args, data_prefix=None, labelled=True, ignore_classes=(), **kwargs):
        self.labelled = labelled
        self.ignore_classes = tuple(ignore_classes)
        self.findings = Findings()
        super().__init__(*args, data_prefix={**self.FOLDERS, **(data_prefix or {})}, **kwargs)

    def list_pairs(self):
        """Find the files of every pair, without opening one.

        Returns:
            tuple: the complete pairs, dicts with img_id, img_path, infrared_path and xml_path (None
            where not labelled), and a message for each file that is missing.
        """
        folders = [('img_path', 'visible', self.visible_suffix, IMAGE_SUFFIXES)]
        folders.append(('infrared_path', 'infrared', self.infrared_suffix, IMAGE_SUFFIXES))
        if self.labelled:
            folders.append(('xml_path', 'annotation', self.annotation_suffix, ('.xml',)))
        files = {key: paths_by_stem(self.data_prefix[name], end) for key, name, _, end in folders}
        pairs, missing = [], []
        for img_id in self._ids(files):
            pair = dict(img_id=img_id, xml_path=None)
            for key, name, suffix, _ in folders:
                pair[key] = files[key].get(img_id + suffix)
                if pair[key] is None:
                    wanted = os.path.join(self.data_prefix[name], img_id + suffix)
                    missing.append(f'{wanted}.*: no {name} file for pair {img_id}')
            if None not in (pair[key] for key, *_ in folders):
                pairs.append(pair)
        return pairs, missing

    def load_data_list(self):
        """Return one entry per pair: img_id, img_path, infrared_path, width, height, instances."""
        if self.labelled and not self._metainfo.get('classes'):
            raise ValueError(
                f'{type(self).__name__} needs metainfo=dict(classes=(...)) in the config'
            )
        pairs, missing = self.list_pairs()
        if missing:
            raise PairError(
                f'{self.ann_file or self.data_root}: {len(missing)} files are missing, first '
                f'{"; ".join(missing[:3])}. `python tools/check_dataset.py CONFIG` lists them all.'
            )
        data_list = [self.parse_data_info(pair) for pair in pairs]
        warn(self.findings, self)
        return self._refuse_empty(data_list)

    def parse_data_info(self, pair):
        """Turn one of :meth:`list_pairs` into the entry of the data list."""
        size, objects = read_voc(pair['xml_path']) if pair['xml_path'] else (None, [])
        width, height = size or read_size(pair['img_path'])
        info = dict(pair, width=width, height=height)
        info['instances'] = [
            instance
            for entry in objects
            if (instance := self._instance(*entry, width, height, pair['xml_path'])) is not None
        ]
        return info

    def filter_data(self):
        """Filter as ``filter_cfg`` says; raises PairError where nothing is left."""
        return self._refuse_empty(super().filter_data())

    def _instance(self, name, box, difficult, width, height, path):
        classes = self._metainfo['classes']
        if name not in classes:
            if name not in (*self.ignore_classes, *self.METAINFO.get('classes', ())):
                raise AnnotationError(
                    f'{path}: unknown class {name!r}, expected one of {tuple(classes)}. Add it to '
                    "metainfo's classes or to ignore_classes in the config."
                )
            self.findings.add(f'box of the left-out class {name}, dropped', path)
            return None
        box = self.findings.usable(box, width, height, path)
        if box is None:
            return None
        small = min(box[2] - box[0], box[3] - box[1]) < (self.bbox_min_size or 0)
        return dict(bbox=box, bbox_label=classes.index(name), ignore_flag=int(difficult or small))

    def _ids(self, files):
        """Return the ids of the split file, or those of all images."""
        if not self.ann_file:
            ends = (('img_path', self.visible_suffix), ('infrared_path', self.infrared_suffix))
            return sorted(
                {
                    stem.removesuffix(end)
                    for key, end in ends
                    for stem in files[key]
                    if stem.endswith(end)
                }
            )
        return [self._id(line) for line in read_split(self.ann_file)]

    def _id(self, line):
        """Return the id that a line of the split file stands for."""
        stem, end = os.path.splitext(line)
        return stem if end.lower() in IMAGE_SUFFIXES else line

    def _refuse_empty(self, data_list):
        if not data_list:
            raise PairError(
                f'{self.ann_file or self.data_prefix["visible"]}: no pairs after '
                f'filter_cfg={self.filter_cfg}. Check data_root, ann_file and filter_cfg.'
            )
        return data_list
