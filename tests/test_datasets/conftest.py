"""A small data set in the layout of M3FD, made of noise, for the tests of the readers."""

import json

import cv2
import numpy as np
import pytest

OBJECT = (
    '<object><name>{0}</name><difficult>{5}</difficult><bndbox><xmin>{1}</xmin><ymin>{2}</ymin>'
    '<xmax>{3}</xmax><ymax>{4}</ymax></bndbox></object>'
)


class Maker:
    """Writes pairs with given boxes under ``root``."""

    def __init__(self, root):
        self.root = root
        for folder in ('Vis', 'Ir', 'Annotation'):
            (root / folder).mkdir()

    def pair(self, name, *objects, size=(40, 30), xml_size=True):
        """Write one pair of noise; objects are (class, xmin, ymin, xmax, ymax[, difficult])."""
        width, height = size
        rng = np.random.default_rng(len(name))
        visible = rng.integers(0, 256, (height, width, 3), np.uint8)
        cv2.imwrite(str(self.root / 'Vis' / f'{name}.png'), visible)
        cv2.imwrite(str(self.root / 'Ir' / f'{name}.png'), visible[..., 1])
        head = f'<size><width>{width}</width><height>{height}</height></size>' if xml_size else ''
        body = ''.join(OBJECT.format(*(*item, 0)[:6]) for item in objects)
        self.xml(name, f'<annotation>{head}{body}</annotation>')
        return self

    def xml(self, name, text):
        """Write an annotation file as it is."""
        (self.root / 'Annotation' / f'{name}.xml').write_bytes(
            text if isinstance(text, bytes) else text.encode()
        )

    def split(self, name, *ids):
        """Write a split file."""
        (self.root / f'{name}.txt').write_text('\n'.join(ids) + '\n')


@pytest.fixture
def m3fd(tmp_path):
    """A :class:`Maker` for an empty data set."""
    return Maker(tmp_path)


@pytest.fixture
def said(monkeypatch):
    """The warnings of the readers."""
    lines = []
    target = 'moefusion.datasets.base.print_log'
    monkeypatch.setattr(target, lambda text, *_: lines.append(text))
    return lines


@pytest.fixture
def coco(m3fd):
    """A function that writes one pair and its json, and reads it back."""
    from moefusion.datasets.coco import PairedCocoDataset

    def make(*annotations, classes=('Car', 'People'), name='a.png', first=0, **kwargs):
        m3fd.pair('a')
        content = dict(
            images=[dict(id=7, file_name=name, width=40, height=30)],
            annotations=[
                dict(id=k, image_id=7, category_id=category, bbox=box, area=1, iscrowd=0)
                for k, (category, box) in enumerate(annotations, first)
            ],
            categories=[dict(id=3, name='People'), dict(id=5, name='Car'), dict(id=9, name='Bus')],
        )
        (m3fd.root / 'train.json').write_text(json.dumps(content))
        return PairedCocoDataset(
            data_root=str(m3fd.root),
            ann_file='train.json',
            **{'metainfo': dict(classes=classes) if classes else None, **kwargs},
        )

    return make
