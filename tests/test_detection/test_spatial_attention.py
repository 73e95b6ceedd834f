"""The SpatialAttention neck: values, wiring by config, what it hands out."""

import pytest
import torch
from mmdet.models import FasterRCNN
from mmdet.registry import MODELS

from moefusion.detection import SpatialAttention, capture_attention, find_attention


def pyramid(channels=8, levels=3, samples=2):
    return [torch.rand(samples, channels, 16 >> i, 24 >> i) for i in range(levels)]


def test_scales_what_it_attends_to():
    """x + x * att with att = sigmoid(BN(conv(relu(BN(conv x))))), by plain matrix products."""
    neck = SpatialAttention(in_channels=8, num_levels=3).eval()
    for module in neck.modules():  # statistics and weights that are not the identity
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.normal_()
            module.bias.data.normal_()
    features = pyramid()
    with capture_attention() as captured:
        outputs = neck(features)

    def conv_bn(layer, x):
        x = torch.einsum('oc,nchw->nohw', layer.conv.weight[:, :, 0, 0], x)
        mean, var, weight, bias = (
            value.view(1, -1, 1, 1)
            for value in (
                layer.bn.running_mean,
                layer.bn.running_var,
                layer.bn.weight,
                layer.bn.bias,
            )
        )
        return (x - mean) / (var + layer.bn.eps).sqrt() * weight + bias

    maps = []
    for x, out, (first, second) in zip(features, outputs, neck.attention):
        maps.append(1 / (1 + (-conv_bn(second, conv_bn(first, x).clamp(min=0))).exp()))
        torch.testing.assert_close(out, x + x * maps[-1])
    torch.testing.assert_close(captured.map, maps[0])


def test_the_map_is_detached_and_what_the_detector_used_is_not():
    neck = SpatialAttention(in_channels=8, num_levels=3)
    with capture_attention() as captured:
        outputs = neck([x.requires_grad_() for x in pyramid()])
    assert captured.map.shape == captured.learnt.shape == (2, 1, 16, 24)
    assert not captured.map.requires_grad and captured.learnt.requires_grad
    assert 0 <= captured.map.min() and captured.map.max() <= 1
    sum(out.sum() for out in outputs).backward()
    assert all(p.grad is not None for p in neck.parameters())


def test_in_training_the_map_is_the_one_at_test():
    """By running statistics, while the detector learns by its batch's; both untouched by it."""
    neck = SpatialAttention(in_channels=8, num_levels=3)
    features = [3 * x for x in pyramid()]
    neck(features)
    with capture_attention() as captured:
        neck(features)
    statistics = {name: value.clone() for name, value in neck.named_buffers()}
    with capture_attention() as at_test:
        neck.eval()(features)
    assert torch.equal(captured.map, at_test.map)
    assert not torch.allclose(captured.map, captured.learnt)
    neck.train()(features)  # the same step without a capture moves the statistics as far
    moved = {name: value.clone() for name, value in neck.named_buffers()}
    neck.load_state_dict(statistics, strict=False)
    with capture_attention():
        neck(features)
    for name, value in neck.named_buffers():
        assert torch.equal(value, moved[name])


def test_captures_do_not_meet():
    """Nothing is kept outside, the inner one gets the inner run, and a second run changes none."""
    neck = SpatialAttention(in_channels=8, num_levels=3).eval()
    first, second = pyramid(), pyramid()
    neck(first)
    with capture_attention() as outer:
        with capture_attention() as inner:
            neck(second)
        assert not hasattr(outer, 'map')
        neck(first)
        neck(second)
    expected = [neck.attention[0](features[0]) for features in (first, second)]
    torch.testing.assert_close(outer.map, expected[0])
    torch.testing.assert_close(inner.map, expected[1])


def test_wrong_number_of_levels():
    with pytest.raises(
        ValueError,
        match='4 levels come in, but num_levels is 3: set it to the num_outs of the neck before it',
    ):
        SpatialAttention(in_channels=8, num_levels=3)(pyramid(levels=4))


def test_inserted_into_a_stock_faster_rcnn(lite_config):
    detector = MODELS.build(lite_config.visible_detector)
    assert type(detector) is FasterRCNN
    assert isinstance(find_attention(detector), SpatialAttention)
    with capture_attention() as captured:
        features = detector.extract_feat(torch.rand(1, 3, 64, 96))
    assert [tuple(x.shape[-2:]) for x in features] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert captured.map.shape == (1, 1, 16, 24)
