"""SelectModality: one image of a pair, its kinds and their shares."""

import numpy as np
import pytest
from mmdet.registry import TRANSFORMS

from moefusion.datasets.selecting import SelectModality

VISIBLE, INFRARED = (10, 40, 200), 100


def pair():
    return dict(img=np.full((4, 5, 4), (*VISIBLE, INFRARED), np.uint8), img_shape=(4, 5))


def shares_of(number, **options):
    """The visible share of many results, read off the third channel."""
    transform = TRANSFORMS.build(dict(type='SelectModality', **options))
    shares = []
    for _ in range(number):
        image = transform(pair())['img']
        assert image.shape == (4, 5, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
        share = (image[0, 0, 2] - 100.0) / 100
        expected = share * np.array(VISIBLE) + (1 - share) * INFRARED
        assert np.abs(image - expected).max() <= 1.3  # the share is known to half a level
        shares.append(share)
    return np.array(shares)


@pytest.mark.parametrize('modality, share', [('visible', 1), ('infrared', 0)])
def test_one_modality(modality, share):
    assert set(shares_of(50, modality=modality)) == {share}


def test_random_takes_each_modality_half_the_time():
    shares = shares_of(400, modality='random')
    assert set(shares) == {0, 1}
    assert 160 < shares.sum() < 240  # four standard deviations


def test_blends_are_spread_over_the_whole_range():
    counts = np.histogram(shares_of(400, modality='random', blend=1), 4, (0, 1))[0]
    assert counts.min() > 65 and counts.max() < 135


@pytest.mark.parametrize('modality', ['visible', 'random'])
def test_a_third_of_the_images_is_blended(modality):
    shares = shares_of(600, modality=modality, blend=1 / 3)
    assert 150 < ((shares > 0) & (shares < 1)).sum() < 250
    if modality == 'visible':
        assert (shares > 0).all()


def test_a_blend_is_linear_and_rounded(monkeypatch):
    monkeypatch.setattr(np.random, 'uniform', lambda: 0.25)
    image = SelectModality('random', blend=1)(pair())['img']
    # 2.5 + 75, 10 + 75, 50 + 75
    assert image[0, 0].tolist() == [78, 85, 125]


def test_single_images_stay_as_they_are():
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert SelectModality('random', blend=1)(dict(img=image))['img'] is image


def test_wrong_arguments_and_images():
    with pytest.raises(ValueError, match="modality must be one of .*, but is 'thermal'"):
        SelectModality('thermal')
    with pytest.raises(ValueError, match='blend must be from 0 to 1, but is 2'):
        SelectModality('visible', 2)
    with pytest.raises(ValueError, match=r'a.png has shape \(4, 5\), not H x W x 4'):
        SelectModality('visible')(dict(img=np.zeros((4, 5), np.uint8), img_path='a.png'))
