"""The options of FusionNetwork that ablations use: what is left out is out, the rest learns."""

import pytest
import torch

from moefusion.fusion import FusionNetwork

SMALL = dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4))
LOCAL = ['local_foreground', 'local_background']


def fuse(network, attention=0.5):
    images = torch.rand(2, 3, 1, 12, 16, generator=torch.Generator().manual_seed(1))
    return network(*images, *torch.full_like(images, attention))


@pytest.mark.parametrize(
    ('option', 'gates'),
    [
        (dict(local='none'), ['global']),
        (dict(local='attention'), ['global']),
        (dict(global_mixture=False), LOCAL),
        (dict(local='none', global_mixture=False), []),
        (dict(gating='plain'), [*LOCAL, 'global']),
        (dict(gating='equal'), [*LOCAL, 'global']),
        (dict(local='none', background_mixture=False, gating='equal'), ['global']),
        (dict(dense_features=0), [*LOCAL, 'global']),
        (dict(background_mixture=False), [LOCAL[0], 'global']),
        *((dict(top_k=top_k), [*LOCAL, 'global']) for top_k in (1, 2, 3, 4)),
    ],
)
def test_every_parameter_that_learns_has_a_gradient(option, gates):
    """Distributed training waits for each."""
    network = FusionNetwork(**SMALL, **option)
    output = fuse(network)
    assert list(network.gates()) == gates and set(gates) <= set(output.gatings)
    loads = sum(gating.load.square().sum() for gating in output.gatings.values())
    (output.fused.square().sum() + loads).backward()
    learning = {name: p.grad for name, p in network.named_parameters() if p.requires_grad}
    assert learning and not [name for name, gradient in learning.items() if gradient is None]
    assert all(gradient.isfinite().all() for gradient in learning.values())


def test_without_mole_attention_decides_nothing():
    network = FusionNetwork(**SMALL, local='none').eval()
    assert network.decoder.experts[0][0].in_channels == 128
    assert torch.equal(fuse(network, 0.1).fused, fuse(network, 0.9).fused)
    with_mole = FusionNetwork(**SMALL).eval()
    assert not torch.equal(fuse(with_mole, 0.1).fused, fuse(with_mole, 0.9).fused)


def test_att_local_is_one_linear_map_of_attended_features():
    """By hand, at one pixel; the background's uses 1 - Att."""
    network = FusionNetwork(**SMALL, local='attention', attention_merge='max').eval()
    assert network.decoder.experts[0][0].in_channels == 160
    seen = []
    network.decoder.gate.register_forward_pre_hook(lambda module, inputs: seen.extend(inputs))
    fuse(network, 0.25)
    (x_f,) = seen
    infrared, visible = x_f[0, 32:96, 5, 7][-16:], x_f[0, 96:, 5, 7][-16:]
    for start, region, share in ((0, 'foreground', 0.25), (16, 'background', 0.75)):
        conv = network.local[region].conv
        expected = conv.weight[:, :, 0, 0] @ torch.cat([visible, infrared]) * share + conv.bias
        torch.testing.assert_close(x_f[0, start : start + 16, 5, 7], expected)


def test_without_moge_one_expert_decodes():
    network = FusionNetwork(**SMALL, global_mixture=False).eval()
    (expert,) = network.decoder.experts
    seen = []
    expert.register_forward_hook(lambda module, inputs, output: seen.append(output))
    output = fuse(network)
    assert torch.equal(output.gatings['global'].weights, torch.ones(3, 1))
    assert torch.equal(output.fused, torch.cat(seen))
    assert output.gatings['local_foreground'].weights.shape == (3, 4)


@pytest.mark.parametrize('training', [True, False])
def test_equal_gates_stay_equal(training):
    network = FusionNetwork(**SMALL, gating='equal', top_k=1, noise=0.5).train(training)
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=0.1, weight_decay=0.1)
    for _ in range(2):
        output = fuse(network)
        optimizer.zero_grad()
        output.fused.square().sum().backward()
        optimizer.step()
    for gating in output.gatings.values():
        assert torch.equal(gating.weights, torch.full((3, 4), 0.25))


def test_plain_gates_see_features_as_they_are():
    network = FusionNetwork(**SMALL, gating='plain')
    assert not [name for name in network.state_dict() if '.standard.' in name]
    gate = network.gates()['global'].eval()
    with torch.no_grad():
        gate.weight.normal_()
    features = torch.rand(2, 160, 2, 2)
    expected = features.flatten(1) @ gate.weight / 640**0.5
    torch.testing.assert_close(gate(features).logits, expected)


@pytest.mark.parametrize('stride', [1, 2])
def test_the_source_skip_starts_at_the_mean_whatever_the_experts_hidden_features_are(stride):
    network = FusionNetwork(**SMALL, stride=stride, source_skip=True).eval()
    hidden = SMALL['global_widths'][-1]
    for expert in network.decoder.experts:
        assert expert[-1].weight.shape[1] == hidden + 2 * stride**2
        expert[-1].weight.data[:, :hidden] = 0
    visible, infrared = torch.rand(2, 2, 1, 13, 18)
    torch.testing.assert_close(network(visible, infrared).fused, (visible + infrared) / 2)


def test_the_last_convolution_alone_sees_the_pixels_of_the_skip():
    """A pixel reaches one further pixel through it, and none further by a way of its own."""
    network = FusionNetwork(**SMALL, source_skip=True, noise=0)
    expert = network.decoder.experts[0]
    x_f = torch.rand(1, 162, 9, 11)
    changed = x_f.clone()
    changed[0, -2:, 4, 5] += 1
    difference = (expert(changed) - expert(x_f))[0, 0]
    by_hand = expert[-1].weight[0, -2:].sum(0).flip(0, 1)  # the answer to one bright pixel
    torch.testing.assert_close(difference[3:6, 4:7], by_hand)
    difference[3:6, 4:7] = 0
    assert not difference.any()


@pytest.mark.parametrize(
    ('option', 'widths'),
    [
        (dict(dense_features=0), [4, 4]),
        (dict(dense_features=1), [4, 4, 4, 4]),
        (dict(), [4, 4, 16, 16]),
        (dict(dense_features=0, source_skip=True), [4, 4, 9, 9]),
        (dict(dense_features=1, source_skip=True), [4, 4, 4, 4, 9, 9]),
        (dict(dense_features=4, source_skip=True), [4, 4, 16, 16, 9, 9]),
        (dict(dense_features=1, background_mixture=False), [4, 4, 4]),
        (dict(dense_features=0, local='none'), [16, 16]),
        (dict(dense_features=1, local='none', source_skip=True), [16, 16, 9, 9]),
    ],
)
def test_what_x_f_holds(option, widths):
    """Local mixtures, then infrared before visible: 4 channels an output, 9 pixels a cell."""
    network = FusionNetwork(**SMALL, channels=4, stride=3, **option).eval()
    seen = []
    network.decoder.gate.register_forward_pre_hook(lambda module, inputs: seen.extend(inputs))
    visible, infrared = torch.rand(2, 1, 1, 12, 15)
    with torch.no_grad():
        network(visible, infrared)
        cells = [torch.pixel_unshuffle(image, 3) for image in (infrared, visible)]
        encoded = network.infrared_encoder(cells[0]), network.visible_encoder(cells[1])
    assert seen[0].shape == (1, sum(widths), 4, 5)
    skip = sum(widths[-2:]) if 'source_skip' in option else 0
    assert network.decoder.experts[0][0].in_channels == sum(widths) - skip
    count = option.get('dense_features', 4) if network.local else 4
    expected = [torch.cat(outputs[:count], dim=1) for outputs in encoded] if count else []
    expected += cells if 'source_skip' in option else []
    found = seen[0].split(widths, dim=1)[len(network.local) :]
    assert len(found) == len(expected)
    assert all(map(torch.equal, found, expected))
