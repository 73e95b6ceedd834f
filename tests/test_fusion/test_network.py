"""FusionNetwork as a whole: sizes, options, counts of parameters, bad input."""

import pytest
import torch

from moefusion.fusion import FusionNetwork

SMALL = dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4))


def wake(network):
    """Random gates, so that images differ in the experts that they select."""
    for module in network.modules():
        if hasattr(module, 'noise_weight'):
            with torch.no_grad():
                module.weight.normal_(std=20, generator=torch.Generator().manual_seed(2))
    return network


@pytest.mark.parametrize('stride', [1, 2, 3])
@pytest.mark.parametrize('size', [(1, 1), (1, 7), (17, 23), (33, 47), (64, 48)])
def test_any_size(size, stride):
    network = FusionNetwork(**SMALL, stride=stride).eval()
    with torch.no_grad():
        output = network(*torch.rand(4, 2, 1, *size))
    assert output.fused.shape == output.attention.shape == (2, 1, *size)
    assert output.fused.isfinite().all()
    assert 0 <= output.attention.min() and output.attention.max() <= 1
    assert list(output.gatings) == ['local_foreground', 'local_background', 'global']


@pytest.mark.slow
def test_any_size_with_the_papers_network():
    network = FusionNetwork().eval()
    with torch.no_grad():
        assert network(*torch.rand(2, 1, 1, 479, 641)).fused.shape == (1, 1, 479, 641)
        assert network(*torch.rand(2, 1, 1, 17, 23)).fused.shape == (1, 1, 17, 23)


def test_parameters_of_the_papers_network_by_part():
    network = FusionNetwork()
    counts = {
        name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()
    }
    encoder = 160 + 2320 + 4624 + 6928
    local_gate = 2 * (32 * 120 * 160) * 4  # weights and noise weights
    local_expert = (16 * 9 + 1) * 8 + (8 * 9 + 1) * 16
    global_gate = 2 * (160 * 60 * 80) * 4
    global_expert = (160 * 9 + 1) * 64 + (64 * 9 + 1) * 32 + (32 * 9 + 1) * 16 + 16 * 9 + 1
    assert counts == dict(
        visible_encoder=encoder,
        infrared_encoder=encoder,
        attention_merge=38,
        local=2 * (local_gate + 4 * local_expert),
        decoder=global_gate + 4 * global_expert,
    )


def test_mixtures_work_on_attention_and_its_complement():
    network = FusionNetwork(**SMALL, attention_merge='max').eval()
    seen = {}
    for region, mixture in network.local.items():
        mixture.register_forward_pre_hook(
            lambda module, inputs, region=region: seen.update({region: inputs})
        )
    maps = torch.rand(2, 1, 1, 8, 8)
    images = torch.rand(2, 1, 1, 8, 8)
    with torch.no_grad():
        output = network(*images, *maps)
        x_enc = network.visible_encoder(images[0])[-1], network.infrared_encoder(images[1])[-1]
    attention = maps.amax(0)
    assert torch.equal(output.attention, attention)
    for region, expected in (('foreground', attention), ('background', 1 - attention)):
        assert torch.equal(seen[region][0], x_enc[0]) and torch.equal(seen[region][1], x_enc[1])
        assert torch.equal(seen[region][2], expected)


def test_a_batch_equals_its_images_one_by_one():
    network = wake(FusionNetwork(**SMALL)).eval()
    inputs = torch.rand(4, 6, 1, 19, 21)
    inputs[0, :2], inputs[1, 4:] = 0, 0  # dark in one modality
    inputs[2:, 2] = 0  # attended nowhere
    network.train()(*inputs)  # the gates' statistics become this batch's
    network.eval()
    with torch.no_grad():
        together = network(*inputs)
        chosen = {tuple(sorted(row)) for row in together.gatings['global'].selected}
        assert len(chosen) > 1
        for row in range(6):
            alone = network(*inputs[:, row : row + 1])
            torch.testing.assert_close(together.fused[row : row + 1], alone.fused)


def test_a_cell_of_the_network_is_a_square_of_pixels():
    """With stride 2: what the encoder reads, and experts that write the same cell everywhere."""
    network = FusionNetwork(**SMALL, stride=2).eval()
    image = torch.rand(1, 1, 5, 7)
    seen = []
    network.visible_encoder.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    with torch.no_grad():
        for expert in network.decoder.experts:
            expert[-1].weight.zero_()
            expert[-1].bias.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
        fused = network(image, image).fused[0, 0]
    assert seen[0].shape == (1, 4, 3, 4)
    assert torch.equal(seen[0][0, :, 1, 2], image[0, 0, 2:4, 4:6].flatten())
    assert torch.equal(seen[0][0, 1, 0, 3], image[0, 0, 0, 6])  # the border is repeated
    assert fused.shape == (5, 7)
    torch.testing.assert_close(fused[2:4, 4:6], torch.tensor([[0.1, 0.2], [0.3, 0.4]]))


def test_gray_levels_matter_and_modalities_are_not_shared():
    network = FusionNetwork(**SMALL).eval()
    a, b = torch.rand(2, 1, 1, 8, 8)
    with torch.no_grad():
        assert not torch.allclose(network(a, b).fused, network(b, a).fused)


def test_bfloat16_autocast():
    network = wake(FusionNetwork(**SMALL)).eval()
    inputs = torch.rand(4, 3, 1, 24, 24)
    with torch.no_grad():
        full = network(*inputs)
        with torch.autocast('cpu', torch.bfloat16):
            half = network(*inputs)
    torch.testing.assert_close(half.fused.float(), full.fused, atol=0.02, rtol=0.05)
    network.train()
    with torch.autocast('cpu', torch.bfloat16):
        output = network(*inputs)
        loss = output.fused.float().mean() + output.gatings['global'].load.var()
    loss.backward()
    assert all(p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(num_experts=3), 'num_experts must be even, but is 3'),
        (dict(top_k=5), 'top_k must be from 1 to num_experts = 4, but is 5'),
        (dict(attention_merge='mean'), "attention_merge must be 'conv' or 'max', but is 'mean'"),
        (dict(local_grid=(0, 4)), 'two positive sizes'),
        (dict(global_grid=(4,)), 'two positive sizes'),
        (dict(local='mixtrue'), "local must be one of .*'mixtrue'"),
        (dict(gating='plian'), "gating must be one of .*'plian'"),
        (dict(dense_features=-1), 'dense_features must be one of 0, 1, 2, 3, 4, but is -1'),
        (dict(dense_features=5), 'dense_features must be one of 0, 1, 2, 3, 4, but is 5'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        FusionNetwork(**options)


@pytest.mark.parametrize(
    'visible, infrared, message',
    [
        ((1, 1, 8, 8), (1, 1, 8, 9), r'\(1, 1, 8, 8\) and \(1, 1, 8, 9\)'),
        ((1, 3, 8, 8), (1, 3, 8, 8), r'N x 1 x H x W'),
        ((8, 8), (8, 8), r'N x 1 x H x W'),
        ((1, 1, 0, 8), (1, 1, 0, 8), 'nothing to fuse'),
        ((0, 1, 8, 8), (0, 1, 8, 8), 'nothing to fuse'),
    ],
)
def test_bad_images(visible, infrared, message):
    with pytest.raises(ValueError, match=message):
        FusionNetwork(**SMALL)(torch.zeros(visible), torch.zeros(infrared))


@pytest.mark.parametrize('merge', ['conv', 'max'])
def test_attention_of_another_size(merge):
    network = FusionNetwork(**SMALL, attention_merge=merge)
    image = torch.zeros(1, 1, 8, 8)
    with pytest.raises(ValueError, match=r'attention map is \(1, 1, 1, 1\).* \(1, 1, 8, 8\)'):
        network(image, image, torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype):
    """Near the float32 result; the gates decide alike, as they compute in float32.

    None is near a tie: rounding moves a logit by up to 0.005, and the second and the third best
    experts' are 0.04 apart.
    """
    torch.manual_seed(1)
    network = FusionNetwork(local_grid=(8, 8), global_grid=(4, 4)).eval()
    for gate in network.gates().values():
        torch.nn.init.normal_(gate.weight)
    pair = torch.rand(2, 1, 1, 64, 64)
    expected = network(*pair)
    found = network.to(dtype)(*pair.to(dtype))
    assert found.fused.dtype == dtype
    torch.testing.assert_close(found.fused.float(), expected.fused, atol=0.05, rtol=0.05)
    for name, gating in found.gatings.items():
        assert sorted(gating.selected[0]) == sorted(expected.gatings[name].selected[0])
