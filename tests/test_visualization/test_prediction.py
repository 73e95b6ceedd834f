"""What a prediction becomes: uint8 images, and one row of the picture."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from moefusion.visualization import fused_image, fusion_picture


@pytest.fixture
def predicted(make_pair):
    """A pair of 2 x 3 pixels, and a prediction by hand."""
    pair, sample = make_pair(2, 3)
    sample.fused = PixelData(data=torch.tensor([[[0.0, 0.5, 1.0], [0.1, 0.999, 0.4]]]))
    sample.fused_color = PixelData(data=torch.rand(3, 2, 3))
    sample.attention = PixelData(data=torch.rand(3, 2, 3))
    gates = {
        'local_foreground': torch.tensor([0.25, 0.0, 0.75, 0.0]),
        'global': torch.tensor([0.0, 1.0, 0.0, 0.0]),
    }
    sample.set_data(dict(gates=gates))
    return pair, sample


def test_gray_image_is_rounded_and_not_stretched(predicted):
    image = fused_image(predicted[1], color=False)
    assert image.dtype == np.uint8
    # 127.5 rounds to even; the range is that of [0, 1] and not of the values
    assert image.tolist() == [[0, 128, 255], [26, 255, 102]]


def test_colour_image_is_rounded_in_the_order_of_the_model(predicted):
    sample = predicted[1]
    sample.fused_color.data[:, 1, 2] = torch.tensor([0.0, 0.2, 0.999])
    image = fused_image(sample)
    assert image.shape == (2, 3, 3) and image.dtype == np.uint8
    assert image[1, 2].tolist() == [0, 51, 255]


def test_picture(predicted):
    pair, sample = predicted
    picture = fusion_picture(pair, sample)
    assert picture.title == 'pair.png'
    assert np.array_equal(picture.visible[1, 2], pair[[2, 1, 0], 1, 2].numpy())
    assert np.array_equal(picture.infrared, pair[3].numpy())
    assert np.array_equal(picture.fused, fused_image(sample))
    assert np.array_equal(picture.attention, sample.attention.data[0].numpy())
    assert picture.gates['local_foreground'].tolist() == [0.25, 0, 0.75, 0]
