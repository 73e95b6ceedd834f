"""PairedDataPreprocessor: channels, normalisation, padding."""

import pytest
import torch
from mmdet.registry import MODELS

import moefusion.plugin  # noqa: F401

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 5.0)


@pytest.fixture
def preprocessor():
    return MODELS.build(dict(type='PairedDataPreprocessor', mean=MEAN, std=STD, pad_size_divisor=8))


def test_one_pixel_by_hand(preprocessor, make_pair):
    pair, sample = make_pair(8, 8)
    pair[:, 3, 5] = torch.tensor([200, 100, 40, 90])  # B, G, R, infrared
    inputs = preprocessor(dict(inputs=[pair], data_samples=[sample]))['inputs']
    pixel = {name: batch[0, :, 3, 5].tolist() for name, batch in inputs.items()}
    assert pixel['visible'] == pytest.approx([(40 - 10) / 2, (100 - 20) / 4, (200 - 30) / 5])
    assert pixel['infrared'] == pytest.approx([(90 - 10) / 2, (90 - 20) / 4, (90 - 30) / 5])
    assert pixel['visible_rgb'] == pytest.approx([40 / 255, 100 / 255, 200 / 255])
    assert pixel['infrared_gray'] == pytest.approx([90 / 255])
    luma = 0.2989 * 40 + 0.5870 * 100 + 0.1140 * 200
    assert pixel['visible_gray'] == pytest.approx([luma / 255], abs=1e-4)


def test_padding_is_zero_after_normalisation(preprocessor, make_pair):
    pairs, samples = zip(make_pair(13, 20), make_pair(9, 30))
    data = preprocessor(dict(inputs=list(pairs), data_samples=list(samples)))
    inputs = data['inputs']
    for name in ('visible', 'infrared'):
        batch = inputs[name]
        assert batch.shape == (2, 3, 16, 32)
        assert not batch[0, :, 13:].any() and not batch[0, :, :, 20:].any()
        assert not batch[1, :, 9:].any() and not batch[1, :, :, 30:].any()
        assert batch[0, :, 12, 19].any() and batch[1, :, 8, 29].any()
    assert [s.img_shape for s in data['data_samples']] == [(13, 20), (9, 30)]
    assert data['data_samples'][0].batch_input_shape == (16, 32)


def test_ranges(preprocessor, make_pair):
    pair, sample = make_pair(8, 8)
    pair[:, 0, 0], pair[:, 0, 1] = 0, 255
    inputs = preprocessor(dict(inputs=[pair], data_samples=[sample]))['inputs']
    for name in ('visible_rgb', 'visible_gray', 'infrared_gray'):
        assert inputs[name].min() == 0
        assert inputs[name].max().item() == pytest.approx(1)


def test_a_stacked_batch_without_samples(preprocessor, make_pair):
    pair, _ = make_pair(8, 16)
    data = preprocessor(dict(inputs=torch.stack([pair, pair]), data_samples=None))
    assert data['data_samples'] is None
    assert data['inputs']['visible'].shape == (2, 3, 8, 16)


def test_boxes_become_tensors(preprocessor, make_pair):
    from mmdet.structures.bbox import HorizontalBoxes

    pair, sample = make_pair(8, 8)
    sample.gt_instances.bboxes = HorizontalBoxes(sample.gt_instances.bboxes)
    data = preprocessor(dict(inputs=[pair], data_samples=[sample]), training=True)
    assert type(data['data_samples'][0].gt_instances.bboxes) is torch.Tensor


@pytest.mark.parametrize('channels', [1, 3, 6])
def test_wrong_number_of_channels(preprocessor, make_pair, channels):
    _, sample = make_pair(8, 8)
    pair = torch.zeros(channels, 8, 8, dtype=torch.uint8)
    with pytest.raises(
        ValueError,
        match=rf'4-channel pairs \(B, G, R, infrared\), but got a '
        rf'tensor of shape \({channels}, 8, 8\).*LoadPairedImage',
    ):
        preprocessor(dict(inputs=[pair], data_samples=[sample]))
