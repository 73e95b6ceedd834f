"""One four-channel image: stock transforms move both modalities and the boxes together."""

import cv2
import numpy as np
import pytest
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.utils import register_all_modules

from moefusion.datasets.loading import LoadPairedImage
from moefusion.files import PairError

register_all_modules()


@pytest.fixture
def pair(tmp_path):
    image = np.random.default_rng(1).integers(0, 256, (24, 32, 4), np.uint8)
    cv2.imwrite(str(tmp_path / 'v.png'), image[..., :3])
    cv2.imwrite(str(tmp_path / 'i.png'), image[..., 3])
    paths = dict(img_path=str(tmp_path / 'v.png'), infrared_path=str(tmp_path / 'i.png'))
    return image, paths


def test_loads_four_channels_and_shapes(pair):
    image, results = pair
    results = TRANSFORMS.build(dict(type='LoadPairedImage'))(results)
    np.testing.assert_array_equal(results['img'], image)
    assert results['img_shape'] == results['ori_shape'] == (24, 32)
    assert results['scale_factor'] == (1.0, 1.0)


def test_errors_pass_through(pair, tmp_path):
    _, results = pair
    (tmp_path / 'i.png').unlink()
    with pytest.raises(PairError, match=r'i\.png'):
        LoadPairedImage()(results)
    del results['infrared_path']
    with pytest.raises(KeyError, match='paired readers'):
        LoadPairedImage()(results)


def test_thermal_images_by_one_range(pair):
    image, results = pair
    cv2.imwrite(results['infrared_path'], image[..., 3].astype(np.uint16) * 10 + 27000)
    config = dict(type='LoadPairedImage', infrared_range=[27000, 29550])
    loaded = TRANSFORMS.build(config)(dict(results))
    np.testing.assert_array_equal(loaded['img'], image)
    with pytest.raises(PairError, match=r'i\.png: uint16 values.*infrared_range=\(low, high\)'):
        LoadPairedImage()(results)
    with pytest.raises(ValueError, match='infrared_range must be two numbers'):
        LoadPairedImage(infrared_range=(3,))


def test_packed_as_uint8_of_four_channels(pair):
    image, results = pair
    results = LoadPairedImage()(results)
    keys = ('img_path', 'infrared_path', 'ori_shape', 'img_shape', 'scale_factor')
    packed = TRANSFORMS.build(dict(type='PackDetInputs', meta_keys=keys))(results)
    np.testing.assert_array_equal(packed['inputs'].numpy(), image.transpose(2, 0, 1))
    assert packed['data_samples'].infrared_path == results['infrared_path']


STEPS = [
    [dict(type='Resize', scale=(96, 200), keep_ratio=False)],
    [dict(type='Resize', scale=(300, 160), keep_ratio=True)],
    [dict(type='RandomFlip', prob=1.0)],
    [dict(type='RandomFlip', prob=1.0, direction='vertical')],
    [dict(type='RandomFlip', prob=1.0, direction='diagonal')],
    [dict(type='RandomCrop', crop_size=(70, 90))],
    [dict(type='RandomShift', prob=1.0, max_shift_px=20)],
    [dict(type='RandomAffine', max_rotate_degree=0, max_shear_degree=0, border_val=(0, 0, 0))],
    [dict(type='Pad', size_divisor=32)],
    [
        dict(type='RandomResize', scale=(160, 120), ratio_range=(0.8, 1.6), keep_ratio=True),
        dict(type='RandomCrop', crop_size=(80, 100)),
        dict(type='RandomFlip', prob=0.5),
        dict(type='Pad', size_divisor=32),
    ],
]


@pytest.mark.parametrize('steps', STEPS, ids=lambda steps: '+'.join(s['type'] for s in steps))
def test_both_modalities_and_the_box_move_together(steps):
    """A bright rectangle in each modality stays under its box, found again in the pixels."""
    transforms = [TRANSFORMS.build(step) for step in steps]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        np.random.seed(seed)
        x1, y1 = rng.integers(5, 60, 2)
        x2, y2 = x1 + rng.integers(25, 60), y1 + rng.integers(25, 50)
        image = np.zeros((120, 140, 4), np.uint8)
        image[y1:y2, x1:x2] = (250, 200, 220, 240)
        results = dict(
            img=image,
            img_shape=(120, 140),
            ori_shape=(120, 140),
            gt_bboxes=HorizontalBoxes(np.float32([[x1, y1, x2, y2]])),
            gt_bboxes_labels=np.zeros(1, int),
            gt_ignore_flags=np.zeros(1, bool),
        )
        for transform in transforms:
            results = transform(results)
            if results is None:  # the crop left no box
                break
        else:
            assert results['img'].shape[2] == 4
            box = results['gt_bboxes'].tensor.numpy()[0]
            for channel, peak in enumerate((250, 200, 220, 240)):
                y, x = np.nonzero(results['img'][..., channel] > peak / 2)
                found = [x.min(), y.min(), x.max() + 1, y.max() + 1]
                np.testing.assert_allclose(found, box, atol=1.0)
            continue
        assert 'RandomCrop' in str(steps)
