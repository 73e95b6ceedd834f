"""Reader of aligned visible / infrared pairs with COCO json boxes."""

import os

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmdet.registry import DATASETS

from moefusion.datasets.findings import warn
from moefusion.files import AnnotationError, Findings, PairError


class _CocoByName(COCO):
    """COCO index whose category ids come in the order of the names asked for, not of the file."""

    def get_cat_ids(self, cat_names=(), sup_names=(), cat_ids=()):
        ids = {category['name']: category['id'] for category in self.dataset['categories']}
        absent = [name for name in cat_names if name not in ids]
        if absent:
            raise AnnotationError(f'no categories {absent}; the file has {sorted(ids)}')
        return [ids[name] for name in cat_names]


@DATASETS.register_module()
class PairedCocoDataset(CocoDataset):
    """Aligned visible / infrared pairs with COCO json boxes.

    ``file_name`` in the json names the visible image under ``data_prefix['img']``; the infrared one
    has the same name under ``data_prefix['infrared']``, with ``infrared_suffix`` in place of
    ``visible_suffix`` at its end. Boxes are treated as in ``PairedXMLDataset``; categories that
    ``metainfo`` leaves out are dropped, as in MMDetection.

    Args:
        visible_suffix (str), infrared_suffix (str): ends of the file names, e.g. '_RGB.jpg' and
            '_PreviewData.jpeg'. Defaults to ''.
        **kwargs: those of MMDetection's ``CocoDataset``; ``data_prefix`` needs img and infrared.

    Raises:
        AnnotationError: broken json, or a class of ``metainfo`` that it does not have.
        PairError: no pairs.
    """

    COCOAPI = _CocoByName

    def __init__(self, *args, visible_suffix='', infrared_suffix='', data_prefix=None, **kwargs):
        self.visible_suffix, self.infrared_suffix = visible_suffix, infrared_suffix
        self.findings = Findings()
        folders = dict(img='Vis', infrared='Ir')
        super().__init__(*args, data_prefix={**folders, **(data_prefix or {})}, **kwargs)

    def load_data_list(self):
        """Return one entry per pair, see ``PairedXMLDataset``."""
        try:
            data_list = super().load_data_list()
        except FileNotFoundError as error:
            raise PairError(
                f'{self.ann_file}: no such file. Check data_root and ann_file.'
            ) from error
        except (AnnotationError, AssertionError, LookupError, TypeError, ValueError) as error:
            reason = f'no key {error}' if isinstance(error, KeyError) else error
            raise AnnotationError(
                f'{self.ann_file}: {reason}. Repair the json, or set metainfo=dict(classes=...) to '
                'the names of its categories.'
            ) from error
        warn(self.findings, self)
        return data_list

    def parse_data_info(self, raw_data_info):
        """Check the boxes, then let MMDetection build the entry."""
        image, kept = raw_data_info['raw_img_info'], []
        for annotation in raw_data_info['raw_ann_info']:
            x, y, width, height = map(float, annotation['bbox'])
            place = f'{image["file_name"]} (annotation {annotation["id"]})'
            box = [x, y, x + width, y + height]
            box = self.findings.usable(box, image['width'], image['height'], place)
            if box is not None:
                size = [box[2] - box[0], box[3] - box[1]]
                area = annotation.get('area', size[0] * size[1])
                kept.append({**annotation, 'bbox': [*box[:2], *size], 'area': area})
        info = super().parse_data_info(dict(raw_img_info=image, raw_ann_info=kept))
        name = image['file_name']
        if not name.endswith(self.visible_suffix):
            raise ValueError(f'{name} does not end in visible_suffix={self.visible_suffix!r}')
        stem = name[: len(name) - len(self.visible_suffix)]
        info['infrared_path'] = os.path.join(
            self.data_prefix['infrared'], stem + self.infrared_suffix
        )
        return info

    def filter_data(self):
        """Filter as ``filter_cfg`` says; raises PairError where nothing is left."""
        data_list = super().filter_data()
        if not data_list:
            raise PairError(
                f'{self.ann_file}: no pairs after filter_cfg={self.filter_cfg}. Check both.'
            )
        return data_list
