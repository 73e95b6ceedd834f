"""boxes_to_mask on boxes by hand."""

import pytest
import torch

from moefusion.image import boxes_to_mask


def mask_of(*boxes, height=4, width=5):
    return boxes_to_mask(torch.tensor(boxes).reshape(-1, 4), height, width)[0].int().tolist()


def test_mask_of_whole_pixels():
    assert mask_of([1.0, 0.0, 3.0, 2.0]) == [
        [0, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_mask_covers_every_pixel_a_box_touches():
    assert mask_of([1.9, 1.2, 3.1, 2.5]) == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_mask_is_the_union_of_the_boxes():
    assert mask_of([0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 3.0, 2.0]) == [
        [1, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    'box',
    [
        [3.0, 2.0, 3.0, 4.0],  # no width
        [3.7, 1.0, 3.2, 3.0],  # inverted within a pixel
        [4.0, 3.0, 1.0, 1.0],  # inverted
        [-5.0, 0.0, -1.0, 4.0],
        [5.0, 0.0, 9.0, 4.0],
        [0.0, -3.0, 5.0, 0.0],
        [0.0, 4.0, 5.0, 8.0],
    ],
)  # outside
def test_boxes_that_mark_nothing(box):
    assert not boxes_to_mask(torch.tensor([box]), 4, 5).any()


def test_box_over_the_border():
    assert mask_of([-3.0, 2.5, 1.5, 99.0]) == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
    ]


def test_no_boxes():
    mask = boxes_to_mask(torch.zeros(0, 4), 2, 3)
    assert mask.shape == (1, 2, 3) and mask.dtype == torch.float32 and not mask.any()
