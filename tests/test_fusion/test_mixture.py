"""LocalMixture and GlobalMixture against dense loops over all experts."""

import pytest
import torch

from moefusion.fusion import GlobalExpert, GlobalMixture, LocalExpert, LocalMixture


def choosing_gate(mixture):
    """Give the gate random weights, so that samples differ in the experts that they select."""
    with torch.no_grad():
        mixture.gate.weight.normal_(generator=torch.Generator().manual_seed(2))
    return mixture.eval()


def count_samples(experts):
    """Hooks that add up how many samples each expert computes on."""
    counts = [0] * len(experts)
    for number, expert in enumerate(experts):

        def hook(module, inputs, number=number):
            counts[number] += len(inputs[0])

        expert.register_forward_pre_hook(hook)
    return counts


@pytest.fixture
def features():
    torch.manual_seed(5)
    return torch.randn(5, 16, 9, 11), torch.randn(5, 16, 9, 11), torch.rand(5, 1, 9, 11)


@pytest.mark.parametrize('num_experts, top_k', [(4, 1), (4, 2), (4, 3), (4, 4), (2, 2), (6, 2)])
def test_local_mixture_is_the_weighted_sum_over_all_experts(features, num_experts, top_k):
    """Equation 2, expert after expert, sample after sample, zero weights included."""
    visible, infrared, attention = features
    mixture = choosing_gate(LocalMixture(num_experts=num_experts, top_k=top_k, grid=(2, 2)))
    output, gating = mixture(visible, infrared, attention)
    if top_k < num_experts:
        assert len({tuple(sorted(chosen)) for chosen in gating.selected}) > 1
    for row in range(len(visible)):
        expected = 0
        for number, expert in enumerate(mixture.experts):
            source = visible if number < num_experts // 2 else infrared
            seen = (source[row] * attention[row])[None]
            expected = expected + gating.weights[row, number] * expert(seen)[0]
        torch.testing.assert_close(output[row], expected)


@pytest.mark.parametrize('top_k', [1, 2, 3, 4])
def test_global_mixture_is_the_weighted_sum_over_all_experts(top_k):
    """Equation 4."""
    x_f = torch.randn(5, 5, 8, 9)
    mixture = choosing_gate(GlobalMixture(5, (6, 4, 3), 4, top_k, grid=(2, 3)))
    output, gating = mixture(x_f)
    assert output.shape == (5, 1, 8, 9)
    dense = torch.stack([expert(x_f) for expert in mixture.experts], dim=1)
    expected = (gating.weights.view(5, 4, 1, 1, 1) * dense).sum(1)
    torch.testing.assert_close(output, expected)


def test_experts_see_one_modality_each(features):
    """The first half of the experts sees the visible features, the second the infrared ones."""
    visible, infrared, attention = features
    mixture = LocalMixture(num_experts=6, top_k=6, grid=(1, 1)).eval()
    seen = {number: [] for number in range(6)}
    for number, expert in enumerate(mixture.experts):
        expert.register_forward_pre_hook(
            lambda module, inputs, number=number: seen[number].append(inputs[0].clone())
        )
    mixture(visible, infrared, attention)
    for number in range(6):
        source = visible if number < 3 else infrared
        assert torch.equal(torch.cat(seen[number]), source * attention)


@pytest.mark.parametrize('training', [True, False])
def test_unselected_experts_do_no_work(features, training):
    visible, infrared, attention = features
    mixture = choosing_gate(LocalMixture(grid=(2, 2))).train(training)
    counts = count_samples(mixture.experts)
    with torch.set_grad_enabled(training):
        _, gating = mixture(visible, infrared, attention)
    assert counts == [sum(number in chosen for chosen in gating.selected) for number in range(4)]
    assert sum(counts) == 2 * len(visible)


def test_a_single_image_runs_k_experts(features):
    visible, infrared, attention = (part[:1] for part in features)
    mixture = choosing_gate(LocalMixture(grid=(2, 2)))
    counts = count_samples(mixture.experts)
    with torch.no_grad():
        mixture(visible, infrared, attention)
    assert sorted(counts) == [0, 0, 1, 1]


@pytest.mark.parametrize(
    'build',
    [
        lambda: LocalMixture(channels=4, grid=(1, 1), top_k=1),
        lambda: GlobalMixture(4, (4, 4, 4), top_k=1, grid=(1, 1)),
    ],
)
def test_idle_experts_have_zero_gradients(build):
    """Zero and not None, so that distributed training can reduce them."""
    mixture = build().eval()  # eval: the zero gate selects one and the same expert each time
    inputs = [torch.rand(3, 4, 5, 5)]
    if isinstance(mixture, LocalMixture):
        inputs = [*inputs, *inputs, torch.ones(3, 1, 5, 5)]
    output, gating = mixture(*inputs)
    output.square().sum().backward()
    used = {number for chosen in gating.selected for number in chosen}
    assert len(used) == 1
    for number, expert in enumerate(mixture.experts):
        norms = [p.grad.abs().sum() for p in expert.parameters()]
        assert all(norm == 0 for norm in norms) if number not in used else any(norms)


def test_the_gate_learns_from_the_output(features):
    mixture = LocalMixture(grid=(2, 2), noise=False)
    mixture(*features)[0].square().sum().backward()
    assert mixture.gate.weight.grad.abs().sum() > 0


def test_structure_of_the_experts():
    local, decoder = LocalExpert(), GlobalExpert()
    assert [type(layer).__name__ for layer in local] == ['Conv2d', 'ReLU', 'Conv2d']
    assert sum(p.numel() for p in local.parameters()) == (16 * 9 + 1) * 8 + (8 * 9 + 1) * 16
    assert [layer.out_channels for layer in decoder if hasattr(layer, 'weight')] == [64, 32, 16, 1]
    assert sum(p.numel() for p in decoder.parameters()) == (
        (160 * 9 + 1) * 64 + (64 * 9 + 1) * 32 + (32 * 9 + 1) * 16 + (16 * 9 + 1)
    )
    assert decoder(torch.randn(50, 160, 3, 3)).min() < 0  # the last convolution is linear


@pytest.mark.parametrize('num_experts', [0, 1, 3, 5])
def test_odd_number_of_local_experts(num_experts):
    with pytest.raises(ValueError, match=f'num_experts must be even, but is {num_experts}'):
        LocalMixture(num_experts=num_experts)
