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
        share = (image[0, 0, 2] - 100.0) / 100
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


def blend_of(monkeypatch, *draws, **options):
    """The pair's blend where ``random.uniform`` gives these draws, as fractions of its range."""
    draws = iter(draws)
    monkeypatch.setattr(
        'moefusion.datasets.blending.random.uniform',
        lambda low=0.0, high=1.0: low + next(draws) * (high - low),
    )
    return BlendPair(1, **options)(pair())['img'][0, 0].tolist()


def test_towards_the_brighter_source(monkeypatch):
    """Half visible is 55, 70, 150; the brighter source 100, 100, 200; half of the way between."""
    assert blend_of(monkeypatch, 0, 0.5, 1, 0, 0, brighter=0.5) == [78, 85, 175]


def test_tone_curve(monkeypatch):
    """The contrast is 2, the middle 1/2: odds are squared. Channels 55, 70, 150 of 255."""
    expected = [255 / (1 + (255 / level - 1) ** 2) for level in (55, 70, 150)]
    assert blend_of(monkeypatch, 0, 0.5, 0, 0.5, 1, contrast=(1, 4)) == [
        round(level) for level in expected
    ]


def test_sources_keep_their_tones():
    transform = BlendPair(0, brighter=1, contrast=(0.5, 3))
    assert {tuple(transform(pair())['img'][0, 0]) for _ in range(50)} == {VISIBLE, (INFRARED,) * 3}


@pytest.mark.parametrize('contrast', [(0, 1), (2, 1)])
def test_contrast_is_a_positive_range(contrast):
    with pytest.raises(ValueError, match='contrast must be two positive numbers'):
        BlendPair(contrast=contrast)


def test_wrong_arguments_and_images():
    with pytest.raises(ValueError, match='blend must be from 0 to 1, but is 2'):
        BlendPair(2)
    with pytest.raises(ValueError, match=r'\(4, 5, 3\), not H x W x 4. Load it with LoadPairedIm'):
        BlendPair()(dict(img=np.zeros((4, 5, 3), np.uint8)))
