"""MMDetection's transforms on pairs: what they do to three channels they do to four, or refuse."""

import copy
import pickle

import mmdet.datasets.transforms as mmdet_transforms
import numpy as np
import pytest
from mmdet.registry import DATASETS, TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.registry import init_default_scope

from moefusion import plugin  # noqa: F401
from moefusion.datasets import stock
from moefusion.datasets.pipeline import check_pipeline
from moefusion.datasets.refusing import REFUSED

init_default_scope('mmdet')
GRAY = (114.0, 114.0, 114.0)
# Each with the fill of the four channels, None where nothing is filled.
ACCEPTED = [
    (dict(type='Mosaic', img_scale=(80, 60), pad_val=7.0), 7),
    (dict(type='MixUp', img_scale=(80, 60), pad_val=9.0), None),
    (dict(type='CachedMosaic', img_scale=(80, 60)), 114),
    (dict(type='CachedMixUp', img_scale=(80, 60)), None),
    (dict(type='CopyPaste', paste_by_box=True), None),
    (dict(type='RandomAffine'), 114),
    (dict(type='RandomAffine', border_val=(3, 3, 3)), 3),
    (dict(type='CutOut', n_holes=3, cutout_shape=(9, 9), fill_in=(5, 5, 5)), 5),
    (dict(type='Expand', prob=1.0, mean=(9, 9, 9)), 9),
    (dict(type='RandomErasing', n_patches=3, ratio=0.3), 128),
    (dict(type='Pad', size=(160, 170), pad_val=dict(img=GRAY)), 114),
    (dict(type='Pad', pad_to_square=True, pad_val=dict(img=8)), 8),
    (
        dict(type='FixShapeResize', width=90, height=90, keep_ratio=True, pad_val=dict(img=GRAY)),
        114,
    ),
    (dict(type='Rotate', prob=1.0, level=9), 128),
    (dict(type='ShearX', prob=1.0, level=9, img_border_value=6), 6),
    (dict(type='ShearY', prob=1.0, level=9), 128),
    (dict(type='TranslateX', prob=1.0, level=9), 128),
    (dict(type='TranslateY', prob=1.0, level=9), 128),
    (dict(type='FixScaleResize', scale=(70, 90), keep_ratio=True), None),
    (dict(type='Resize', scale=(70, 90)), None),
    (dict(type='ResizeShortestEdge', scale=60, max_size=200), None),
    (dict(type='RandomResize', scale=(70, 90), ratio_range=(0.5, 2.0)), None),
    (dict(type='RandomChoiceResize', scales=[(70, 90), (50, 60)], keep_ratio=True), None),
    (dict(type='RandomFlip', prob=1.0, direction='diagonal'), None),
    (dict(type='RandomCrop', crop_size=(50, 60)), None),
    (dict(type='RandomShift', prob=1.0), 0),
    (dict(type='MinIoURandomCrop'), None),
    (dict(type='RandomApply', transforms=[dict(type='Rotate', prob=1.0, level=5)]), None),
    (
        dict(
            type='RandomOrder',
            transforms=[dict(type='ShearX'), dict(type='CutOut', n_holes=1, cutout_shape=(9, 9))],
        ),
        None,
    ),
    (dict(type='AutoAugment', policies=[[dict(type='Rotate'), dict(type='ShearX')]]), None),
    (dict(type='RandAugment', aug_space=[[dict(type='Rotate')], [dict(type='ShearY')]]), None),
]
MIXES = dict(Mosaic=3, MixUp=1, CopyPaste=1)


def made(seed, kind='rgb'):
    """A pair of noise with two boxes, or one of its images in three channels."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (60, 80, 4), np.uint8)
    image = dict(pair=image, rgb=image[..., :3].copy(), infrared=np.dstack([image[..., 3]] * 3))[
        kind
    ]
    return dict(
        img=image,
        img_shape=(60, 80),
        ori_shape=(60, 80),
        scale_factor=(1.0, 1.0),
        gt_bboxes=HorizontalBoxes(np.float32([[10, 10, 40, 40], [5, 20, 70, 50]])),
        gt_bboxes_labels=np.array([seed % 2, 1]),
        gt_ignore_flags=np.zeros(2, bool),
    )


def run(transform, kind, rounds=1):
    np.random.seed(3)
    for seed in range(rounds):
        results = made(seed, kind)
        others = MIXES.get(type(transform).__name__, 0)
        if others:
            results['mix_results'] = [made(50 + seed + i, kind) for i in range(others)]
        results = transform(results)
    return results


def plain(config):
    """MMDetection's own transform, with as many fill values as it takes."""
    config = copy.deepcopy(config)
    cls = getattr(mmdet_transforms, config['type'], None)
    return cls(**{k: v for k, v in config.items() if k != 'type'}) if cls else build(config)


def build(config):
    return TRANSFORMS.build(copy.deepcopy(config))


@pytest.mark.parametrize(
    'config, fill',
    ACCEPTED,
    ids=lambda value: getattr(value, 'get', str)('type') if isinstance(value, dict) else '',
)
def test_pairs_move_as_each_image_alone_does(config, fill):
    rounds = 50 if 'Cached' in config['type'] else 3
    assert check_pipeline([dict(type='LoadPairedImage'), config])
    pair = run(build(config), 'pair', rounds)
    rgb, infrared = (run(plain(config), kind, rounds) for kind in ('rgb', 'infrared'))
    assert pair['img'].dtype == np.uint8
    np.testing.assert_array_equal(pair['img'][..., :3], rgb['img'])
    np.testing.assert_array_equal(pair['img'][..., 3], infrared['img'][..., 0])
    np.testing.assert_array_equal(pair['gt_bboxes'].tensor, rgb['gt_bboxes'].tensor)
    np.testing.assert_array_equal(pair['gt_bboxes_labels'], rgb['gt_bboxes_labels'])
    assert pair['img_shape'] == pair['img'].shape[:2]
    if fill is not None:
        assert (pair['img'] == fill).all(axis=2).sum() > 20


@pytest.mark.parametrize(
    'config, _',
    ACCEPTED,
    ids=lambda value: getattr(value, 'get', str)('type') if isinstance(value, dict) else '',
)
def test_a_pair_of_one_image_stays_one(config, _):
    transform = build(config)
    np.random.seed(1)
    for seed in range(8):
        results = [made(seed + i, 'pair') for i in range(4)]
        for each in results:
            each['img'] = np.dstack([each['img'][..., 0]] * 4)
        results[0]['mix_results'] = results[1 : 1 + MIXES.get(config['type'], 3)]
        found = transform(results[0])['img']
        assert found.shape[2] == 4 and (found == found[..., :1]).all()


def test_four_values_fill_the_four_channels():
    four = (1, 2, 3, 4)
    assert (
        (run(build(dict(type='RandomAffine', border_val=four)), 'pair')['img'] == four).all(2).any()
    )
    # R, G, B, infrared, as the three of MMDetection's configs
    expanded = run(build(dict(type='Expand', prob=1.0, mean=(3, 2, 1, 4))), 'pair')['img']
    assert (expanded == four).all(2).any()
    padded = run(build(dict(type='Pad', size=(90, 90), pad_val=dict(img=four))), 'pair')['img']
    assert (padded[-1, -1] == four).all()


@pytest.mark.parametrize(
    'config, key',
    [
        (dict(type='Expand', mean=(123.675, 116.28, 103.53)), 'Expand: mean'),
        (dict(type='Rotate', img_border_value=(1, 2, 3)), 'Rotate: img_border_value'),
        (dict(type='Pad', pad_val=dict(img=(1, 2, 3))), 'Pad: pad_val'),
    ],
)
def test_a_fill_that_leaves_the_infrared_open_is_refused(config, key):
    with pytest.raises(ValueError, match=f'{key}=.*a pair has four channels'):
        check_pipeline([dict(type='LoadPairedImage'), config])
    with pytest.raises(ValueError, match=f'{key}=.*a pair has four channels'):
        run(
            build(
                dict(config, prob=1.0) if 'pad_val' not in config else dict(config, size=(99, 99))
            ),
            'pair',
        )


def reader_of(m3fd, *transforms):
    """A reader of the pairs in train.txt."""
    pipeline = [dict(type='LoadPairedImage'), *transforms]
    return dict(
        type='M3FDDataset', data_root=str(m3fd.root), ann_file='train.txt', pipeline=pipeline
    )


@pytest.mark.parametrize('name', REFUSED)
def test_refused_when_the_data_set_is_built(name, m3fd):
    m3fd.pair('a', ('People', 3, 4, 13, 24)).split('train', 'a')
    wrapped = dict(type='RandomApply', transforms=[dict(type=name)])
    with pytest.raises(ValueError, match=f'^{name} cannot take the four channels of a pair'):
        DATASETS.build(reader_of(m3fd, wrapped))
    reader = reader_of(m3fd)
    with pytest.raises(ValueError, match=f'^{name} cannot take the four channels of a pair'):
        DATASETS.build(
            dict(
                type='MultiImageMixDataset',
                dataset=dict(type='RepeatDataset', times=2, dataset=reader),
                pipeline=[dict(type=name)],
            )
        )


@pytest.mark.parametrize(
    'config',
    [dict(type=name) for name in ('Equalize', 'YOLOXHSVRandomAug', 'PhotoMetricDistortion')]
    + [dict(type='RandomGrayscale', prob=1.0), dict(type='Brightness', prob=1.0)],
)
def test_refused_when_called_and_unchanged_for_three_channels(config):
    with pytest.raises(ValueError, match=f'^{config["type"]} cannot take .* Photometric'):
        run(build(config), 'pair')
    np.testing.assert_array_equal(
        run(build(config), 'rgb')['img'], run(plain(config), 'rgb')['img']
    )


def test_a_mix_data_set_of_pairs(m3fd):
    for name in 'abcd':
        m3fd.pair(name, ('People', 3, 4, 33, 24))
    m3fd.split('train', *'abcd')
    mixed = DATASETS.build(
        dict(
            type='MultiImageMixDataset',
            dataset=reader_of(m3fd, dict(type='LoadAnnotations', with_bbox=True)),
            pipeline=[
                dict(type='Mosaic', img_scale=(40, 30), pad_val=114.0),
                dict(type='RandomAffine', border=(-20, -15)),
                dict(type='MixUp', img_scale=(40, 30), pad_val=114.0),
                dict(type='Photometric', visible=[dict(type='YOLOXHSVRandomAug')]),
                dict(type='Pad', pad_to_square=True, pad_val=dict(img=GRAY)),
                dict(type='PackDetInputs'),
            ],
        )
    )
    found = mixed[1]
    assert found['inputs'].shape == (4, 40, 40)
    assert (found['inputs'][:, 30:] == 114).all()
    assert len(found['data_samples'].gt_instances) > 0


def test_registered_classes_can_be_sent_to_workers():
    for name in (*REFUSED, 'Mosaic', 'Rotate', 'Expand'):
        cls = TRANSFORMS.get(name)
        assert cls.__module__ == stock.__name__ and pickle.loads(pickle.dumps(cls)) is cls
