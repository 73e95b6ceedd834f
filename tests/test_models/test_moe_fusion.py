"""MoEFusion: building it, and fusing whole batches, without detectors."""

from collections import OrderedDict

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.registry import DefaultScope

import moefusion.plugin  # noqa: F401
from moefusion.image import rgb_to_gray

SIZES = (40, 56), (17, 23), (40, 56), (33, 61)


def test_builds_without_a_default_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', OrderedDict())
    model = MODELS.build(dict(type='MoEFusion', fusion=dict(local_grid=(1, 1))))
    assert type(model.data_preprocessor).__name__ == 'PairedDataPreprocessor'


def test_predictions_of_mixed_sizes_equal_single_ones(awake, batch_of):
    model = awake().eval()
    batch = batch_of(*SIZES)
    batch['inputs'][0][:3], batch['inputs'][1][3] = 0, 0  # dark in one modality
    with torch.no_grad():
        together = model.test_step(batch)
        assert [tuple(s.fused.data.shape) for s in together] == [(1, *size) for size in SIZES]
        assert (
            len({tuple(s.gates['local_foreground'].nonzero().flatten().tolist()) for s in together})
            > 1
        )
        for row in range(len(SIZES)):
            (alone,) = model.test_step(
                dict(
                    inputs=batch['inputs'][row : row + 1],
                    data_samples=[batch['data_samples'][row].clone()],
                )
            )
            torch.testing.assert_close(together[row].fused.data, alone.fused.data)
            torch.testing.assert_close(together[row].attention.data, alone.attention.data)
            for name, weights in alone.gates.items():
                torch.testing.assert_close(together[row].gates[name], weights)


def test_predictions_equal_the_plain_network(awake, make_pair):
    """Gray by rgb_to_gray of R, G, B, infrared / 255, attention 1, clipped to [0, 1]."""
    model = awake().eval()
    with torch.no_grad():
        for expert in model.fusion.decoder.experts:  # so that some values need clipping
            expert[-1].weight *= 100
            expert[-1].bias -= 0.5
    pair, sample = make_pair(20, 30)
    with torch.no_grad():
        (result,) = model.test_step(dict(inputs=[pair], data_samples=[sample]))
        rgb = pair[[2, 1, 0]].float()[None]
        expected = model.fusion(rgb_to_gray(rgb) / 255, pair[3:].float()[None] / 255)
    assert expected.fused.min() < 0 and expected.fused.max() > 1
    torch.testing.assert_close(result.fused.data, expected.fused[0].clamp(0, 1))
    assert torch.equal(result.attention.data[0], expected.attention[0, 0])
    assert torch.equal(result.attention.data[1:], torch.ones(2, 20, 30))
    for name, gating in expected.gatings.items():
        assert torch.equal(result.gates[name], gating.weights[0])
        assert (result.gates[name] > 0).sum() == 2
    assert result.img_shape == (20, 30) and result.fused.data.dtype == torch.float32


def test_colour_by_hand(fusion_only, batch_of):
    """Y replaced, differences to Y kept, clipped; R, G, B although the pair is B, G, R."""
    model = fusion_only().eval()
    batch = batch_of((20, 30), (16, 40))
    with torch.no_grad():
        results = model.test_step(batch)
    for pair, result in zip(batch['inputs'], results):
        pixels = pair.double().numpy()
        luma = 0.298936 * pixels[2] + 0.587043 * pixels[1] + 0.114021 * pixels[0]
        expected = pixels[2::-1] / 255 + result.fused.data.numpy() - luma / 255
        color = result.fused_color.data
        assert color.dtype == torch.float32
        assert abs(color.numpy() - expected.clip(0, 1)).max() < 1e-5


def test_tensor_mode_is_not_clipped(fusion_only, batch_of, prepared):
    model = fusion_only().eval()
    with torch.no_grad():
        for expert in model.fusion.decoder.experts:
            expert[-1].bias += 5
        images = model(**prepared(model, batch_of(*SIZES)), mode='tensor')
    assert [tuple(image.shape) for image in images] == [(1, *size) for size in SIZES]
    assert all(image.min() > 1 for image in images)


def test_tensor_mode_without_samples(fusion_only, make_pair):
    model = fusion_only().eval()
    pair, _ = make_pair(32, 64)
    data = model.data_preprocessor(dict(inputs=[pair], data_samples=None))
    assert model(**data)[0].shape == (1, 32, 64)


def test_unknown_mode(fusion_only, batch_of, prepared):
    model = fusion_only()
    with pytest.raises(ValueError, match="'loss', 'predict' or 'tensor', but is 'train'"):
        model(**prepared(model, batch_of((8, 8))), mode='train')


def test_one_detector_is_too_few(lite_config):
    with pytest.raises(ValueError, match='both visible_detector and infrared_detector, or none'):
        MODELS.build(dict(type='MoEFusion', visible_detector=lite_config.visible_detector))


def test_detector_without_attention_neck(lite_config):
    lite_config.infrared_detector.neck = lite_config.infrared_detector.neck[:1]
    message = r"FasterRCNN has no .* neck: give it .*dict\(type='SpatialAttention', ...\)"
    with pytest.raises(ValueError, match=message):
        MODELS.build(lite_config)
