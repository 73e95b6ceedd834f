"""Boxes of a made test set, from COCO json and VOC XML alike, and as a mask of the foreground."""

import numpy as np
import pytest

from moefusion.comparison.scoring import foreground_mask
from moefusion.files import Annotation, AnnotationError, read_annotations


def annotation(boxes, ignored=None, size=(64, 48)):
    return Annotation(
        size,
        ['car'] * len(boxes),
        np.array(boxes, np.float32).reshape(-1, 4),
        ignored or [False] * len(boxes),
    )


def test_both_formats_give_the_same_boxes(test_set):
    coco, problems = read_annotations(test_set / 'boxes.json', 'abc')
    voc, _ = read_annotations(test_set / 'voc', 'abc')
    assert problems == {} and list(coco) == list(voc) == ['a', 'b', 'c']
    for stem in coco:
        assert coco[stem].size == voc[stem].size == (64, 48)
        assert coco[stem].names == voc[stem].names
        assert coco[stem].boxes.tolist() == voc[stem].boxes.tolist()
    assert coco['c'].boxes.tolist() == [[40.5, 10, 60, 44.5], [2, 2, 12, 20]]
    assert len(coco['b'].boxes) == 0


def test_missing_and_broken_annotations_are_named(test_set):
    (test_set / 'voc' / 'b.xml').write_text('<annotation><object></annotation>')
    found, problems = read_annotations(test_set / 'voc', ['a', 'b', 'z'])
    assert list(found) == ['a']
    assert problems['z'] == 'no annotation' and 'b.xml' in problems['b']


def test_mask_covers_every_pixel_that_a_box_touches():
    mask = foreground_mask(annotation([[1.2, 2, 3.1, 4], [62.5, 40, 80, 90]]), 64, 48)
    expected = np.zeros((48, 64), dtype=bool)
    expected[2:4, 1:4] = True
    expected[40:, 62:] = True
    assert (mask == expected).all()


def test_mask_leaves_out_crowd_and_what_is_no_box():
    boxes = [[1, 1, 5, 5], [10, 10, 10.4, 20], [30, 30, 20, 40], [70, 10, 90, 20]]
    assert foreground_mask(annotation(boxes, [True, False, False, False]), 64, 48).sum() == 0


def test_boxes_of_another_image_size_are_refused():
    with pytest.raises(AnnotationError, match='64 x 48.*128 x 96'):
        foreground_mask(annotation([[1, 1, 5, 5]]), 128, 96)
    assert foreground_mask(annotation([[1, 1, 5, 5]], size=None), 128, 96).sum() == 16
