"""Photometric: MMDetection's transforms on one named image of a pair."""

import numpy as np
import pytest
from mmdet.datasets.transforms import Brightness, PhotoMetricDistortion
from mmdet.registry import TRANSFORMS
from mmengine.registry import init_default_scope

from moefusion import plugin  # noqa: F401
from moefusion.datasets import Photometric
from moefusion.datasets.refusing import PHOTOMETRIC

init_default_scope('mmdet')
EACH = [
    dict(type=name, **({'prob': 1.0} if name == 'RandomGrayscale' else {}))
    for name in PHOTOMETRIC
    if name not in ('Albu', 'ColorTransform')
]


@pytest.fixture
def pair():
    return np.random.default_rng(0).integers(20, 230, (30, 40, 4), np.uint8)


@pytest.mark.parametrize('config', EACH, ids=lambda config: config['type'])
def test_the_other_image_stays(pair, config):
    for side, changed, kept in (
        ('visible', slice(0, 3), slice(3, 4)),
        ('infrared', slice(3, 4), slice(0, 3)),
    ):
        transform = Photometric(**{side: [config]})
        differs = False
        for seed in range(12):
            np.random.seed(seed)
            found = transform(dict(img=pair.copy()))['img']
            assert found.shape == pair.shape and found.dtype == np.uint8
            np.testing.assert_array_equal(found[..., kept], pair[..., kept])
            differs |= bool((found[..., changed] != pair[..., changed]).any())
        # gray stays gray when colours alone change
        assert differs or (side == 'infrared' and config['type'] in ('Color', 'RandomGrayscale'))


def test_values_are_those_of_the_stock_transforms(pair):
    np.random.seed(5)
    expected = PhotoMetricDistortion()(dict(img=pair[..., :3].copy()))['img']
    stretched = Brightness(level=9)(dict(img=np.dstack([pair[..., 3]] * 3)))['img'][..., 0]
    np.random.seed(5)
    transform = TRANSFORMS.build(
        dict(
            type='Photometric',
            visible=[dict(type='PhotoMetricDistortion')],
            infrared=[dict(type='Brightness', level=9)],
        )
    )
    found = transform(dict(img=pair))['img']
    np.testing.assert_array_equal(found[..., :3], np.rint(expected).clip(0, 255))
    np.testing.assert_array_equal(found[..., 3], stretched)
    assert 'PhotoMetricDistortion' in repr(transform)


def test_wrappers_and_holes_in_one_image(pair):
    steps = [
        dict(type='RandomApply', prob=1.0, transforms=[dict(type='Invert', prob=1.0)]),
        dict(type='CutOut', n_holes=1, cutout_shape=(9, 9), fill_in=(1, 1, 1)),
    ]
    found = Photometric(infrared=steps)(dict(img=pair))['img']
    same = found[..., 3] == 255 - pair[..., 3]
    assert 0 < (~same).sum() <= 81 and (found[..., 3][~same] == 1).all()


@pytest.mark.parametrize(
    'name', ['Resize', 'Rotate', 'Mosaic', 'LoadPairedImage', 'PackDetInputs', 'RandomPairTone']
)
def test_what_moves_is_refused(name):
    for step in (dict(type=name), dict(type='RandomApply', transforms=[dict(type=name)])):
        with pytest.raises(ValueError, match=f'Photometric: {name} in infrared does more'):
            Photometric(infrared=[step])


def test_wrong_use_is_named(pair):
    with pytest.raises(ValueError, match='give transforms for visible'):
        Photometric()
    with pytest.raises(ValueError, match='Load the pair with LoadPairedImage'):
        Photometric(visible=[dict(type='Invert')])(dict(img=pair[..., :3]))

    class Halves:
        def __call__(self, results):
            return dict(results, img=results['img'][::2])

    with pytest.raises(ValueError, match=r'made an image of shape \(15, 40, 3\)'):
        Photometric(visible=[Halves()])(dict(img=pair))


def test_parts_of_albu_that_move_pixels():
    class DualTransform:
        pass

    class Affine(DualTransform):
        pass

    class Albu:
        transforms = [Affine()]

        def __call__(self, results):
            return results

        aug = property(lambda self: self)

    with pytest.raises(ValueError, match='Photometric: Affine in Albu moves pixels'):
        Photometric(visible=[Albu()])
