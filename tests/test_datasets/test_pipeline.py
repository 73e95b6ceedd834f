"""check_pipeline: which transforms of a pipeline it looks at, and what it refuses."""

import mmdet.datasets.transforms as mmdet_transforms
import pytest
from mmengine.registry import init_default_scope

from moefusion import plugin  # noqa: F401
from moefusion.datasets.pipeline import check_pipeline

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
