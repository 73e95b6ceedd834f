"""What a prediction becomes: uint8 images, and one row of the picture."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData

from moefusion.visualization.prediction import fused_image, fusion_picture


@pytest.fixture
def predicted(make_pair):
    """A pair of 2 x 3 pixels at half its original size, and a prediction by hand."""
    pair, sample = make_pair(2, 3, scale=0.5)
    sample.fused = PixelData(data=torch.tensor([[[0.0, 0.5, 1.0], [0.1, 0.999, 0.4]]]))
    sample.attention = PixelData(data=torch.rand(3, 2, 3))
    sample.set_data(
        dict(
            gates={
                'local_foreground': torch.tensor([0.25, 0.0, 0.75, 0.0]),
                'global': torch.tensor([0.0, 1.0, 0.0, 0.0]),
            }
        )
    )
    return pair, sample


def test_gray_image_is_rounded_and_not_stretched(predicted):
    image = fused_image(*predicted, color=False)
    assert image.dtype == np.uint8
    # 127.5 rounds to even; the range is that of [0, 1] and not of the values
    assert image.tolist() == [[0, 128, 255], [26, 255, 102]]


def test_colour_by_hand(predicted):
    """Y replaced, differences to Y kept, clipped; R, G, B although the pair is B, G, R."""
    pair, sample = predicted
    pair[:, 0, 1] = torch.tensor([200, 100, 50, 0])  # B, G, R
    image = fused_image(pair, sample)
    assert image.shape == (2, 3, 3) and image.dtype == np.uint8
    luma = 0.298936 * 50 + 0.587043 * 100 + 0.114021 * 200
    expected = np.array([50, 100, 200]) + 127.5 - luma
    assert np.abs(image[0, 1] - expected.clip(0, 255)).max() <= 0.5


def test_gray_visible_image_stays_gray(predicted):
    pair, sample = predicted
    pair[:3] = pair[:1].clone()
    image = fused_image(pair, sample)
    assert np.array_equal(image, np.repeat(fused_image(pair, sample, False)[..., None], 3, 2))


def test_picture(predicted):
    pair, sample = predicted
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor([[2.0, 1.0, 6.0, 4.0], [0.0, 0.0, 1.0, 1.0]]),
        scores=torch.tensor([0.9, 0.4]),
        labels=torch.tensor([0, 0]),
    )
    picture = fusion_picture(pair, sample, score_thr=0.5)
    assert picture.title == 'pair.png'
    assert np.array_equal(picture.visible[1, 2], pair[[2, 1, 0], 1, 2].numpy())
    assert np.array_equal(picture.infrared, pair[3].numpy())
    assert np.array_equal(picture.fused, fused_image(pair, sample))
    assert np.array_equal(picture.attention, sample.attention.data[0].numpy())
    assert picture.gates['local_foreground'].tolist() == [0.25, 0, 0.75, 0]
    assert picture.boxes.tolist() == [[1, 0.5, 3, 2]]  # in pixels of the fused image


def test_picture_without_detections(predicted):
    assert len(fusion_picture(*predicted).boxes) == 0
