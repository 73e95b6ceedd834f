"""BlendPair: one image of a pair, its kinds and their shares."""

import numpy as np
import pytest
from mmdet.registry import TRANSFORMS

from moefusion.datasets.blending import BlendPair

VISIBLE, INFRARED = (10, 40, 200), 100


def pair():
    return dict(img=np.full((4, 5, 4), (*VISIBLE, INFRARED), np.uint8), img_shape=(4, 5))


def shares_of(blend, number):
    """The visible share of many results, read off the third channel."""
    transform = TRANSFORMS.build(dict(type='BlendPair', blend=blend))
    shares = []
    for _ in range(number):
        image = transform(pair())['img']
        assert image.shape == (4, 5, 3) and image.dtype == np.uint8
        share = (image[0, 0, 2] - 100.) / 100
        expected = share * np.array(VISIBLE) + (1 - share) * INFRARED
        assert np.abs(image - expected).max() <= 1.3  # the share is known to half a level
        shares.append(share)
    return np.array(shares)


def test_without_blends_each_modality_comes_half_the_time():
    shares = shares_of(0, 400)
    assert set(shares) == {0, 1}
    assert 160 < shares.sum() < 240  # four standard deviations


def test_blends_are_spread_over_the_whole_range():
    shares = shares_of(1, 400)
    counts = np.histogram(shares, 4, (0, 1))[0]
    assert counts.min() > 65 and counts.max() < 135


def test_a_third_of_the_images_is_blended():
    shares = shares_of(1 / 3, 600)
    assert 150 < ((shares > 0) & (shares < 1)).sum() < 250


def test_wrong_arguments_and_images():
    with pytest.raises(ValueError, match='blend must be from 0 to 1, but is 2'):
        BlendPair(2)
    with pytest.raises(ValueError, match=r'\(4, 5, 3\), not H x W x 4. Load it with LoadPairedIm'):
        BlendPair()(dict(img=np.zeros((4, 5, 3), np.uint8)))
