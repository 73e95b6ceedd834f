"""check_pipeline: which transforms of a pipeline it looks at, and what it refuses."""

import mmdet.datasets.transforms as mmdet_transforms
import pytest
from mmdet.registry import TRANSFORMS
from mmengine.registry import init_default_scope

from moefusion import plugin  # noqa: F401
from moefusion.datasets.pipeline import check_pipeline, range_of

init_default_scope('mmdet')
RESIZE = dict(type='Resize', scale=(64, 48), keep_ratio=False)


@pytest.mark.parametrize('name', ['AutoAugment', 'RandAugment'])
def test_default_policies_are_looked_into(name):
    with pytest.raises(ValueError, match='cannot take the four channels of a pair'):
        check_pipeline([dict(type='LoadPairedImage'), dict(type=name)])


def test_what_is_checked_and_what_not():
    color = dict(type='PhotoMetricDistortion')
    assert not check_pipeline([dict(type='LoadImageFromFile'), color])
    single = [dict(type='LoadPairedImage'), dict(type='SelectModality', modality='visible'), color]
    assert not check_pipeline(single)
    with pytest.raises(ValueError, match="write type='Mosaic'"):
        check_pipeline([dict(type=mmdet_transforms.Mosaic)], pairs=True)
    with pytest.raises(ValueError, match='^Equalize cannot'):
        check_pipeline([mmdet_transforms.Equalize()], pairs=True)
    with pytest.raises(ValueError, match='^Normalize cannot'):
        check_pipeline([dict(type='mmcv.Normalize')], pairs=True)


def test_boxes_of_a_test_stay_in_the_coordinates_of_the_file():
    load, boxes = dict(type='LoadPairedImage'), dict(type='LoadAnnotations', with_bbox=True)
    assert check_pipeline([load, RESIZE, boxes], scored=True)
    assert check_pipeline([load, boxes, RESIZE])
    with pytest.raises(ValueError, match=r'^Resize after LoadAnnotations.*Put LoadAnnotations'):
        check_pipeline([load, boxes, RESIZE], scored=True)


@pytest.mark.parametrize('modality', [None, 'visible'])
def test_boxes_that_would_not_follow_the_pixels_are_refused(modality):
    load = [dict(type='LoadPairedImage'), dict(type='SelectModality', modality=modality)]
    load, boxes = load[: 2 if modality else 1], dict(type='LoadAnnotations', with_bbox=True)
    flips = dict(type='RandomFlip', prob=0.5), dict(type='RandomApply', transforms=[RESIZE])
    for moving, name in zip(flips, ('RandomFlip', 'Resize')):
        check_pipeline([*load, boxes, moving])
        with pytest.raises(ValueError, match=f'^{name} before LoadAnnotations .* test_mode=True'):
            check_pipeline([*load, moving, boxes])


@pytest.mark.parametrize('key', ['with_mask', 'with_seg'])
def test_masks_are_refused_as_pairs_have_none(key):
    with pytest.raises(ValueError, match=f'LoadAnnotations: {key}=True, but pairs have boxes'):
        check_pipeline([dict(type='LoadPairedImage'), {'type': 'LoadAnnotations', key: True}])


@pytest.mark.parametrize(
    'transform',
    [
        dict(type='Resize', scale=(8, 8), backend='pillow'),
        dict(type='FixScaleResize', scale=(8, 8), backend='pillow'),
        dict(type='RandomChoiceResize', scales=[(8, 8)], resize_type='Resize', backend='pillow'),
        dict(type='RandomApply', transforms=[dict(type='Resize', scale=(8, 8), backend='pillow')]),
    ],
)
def test_pillow_would_take_the_infrared_channel_for_transparency(transform):
    """It weighs the colours by a fourth channel: 200 everywhere becomes 170 to 229."""
    with pytest.raises(ValueError, match=r"backend='pillow' takes .*Use backend='cv2'"):
        check_pipeline([dict(type='LoadPairedImage'), transform])
    single = dict(type='SelectModality', modality='visible')
    check_pipeline([dict(type='LoadPairedImage'), single, transform])


def test_the_range_of_a_pipeline():
    load = dict(type='LoadPairedImage', infrared_range=[20, 60])
    inside = dict(type='RandomApply', transforms=[load])
    for pipeline in ([load], [dict(type='Resize', scale=(8, 8)), inside]):
        assert range_of(pipeline) == (20.0, 60.0)
        assert range_of([TRANSFORMS.build(step) for step in pipeline]) == (20.0, 60.0)
    assert range_of([dict(type='LoadPairedImage')]) is None and range_of([]) is None
    with pytest.raises(ValueError, match='infrared_range must be two numbers'):
        range_of([dict(load, infrared_range=60)])
