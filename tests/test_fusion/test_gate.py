"""NoisyTopKGate: selection, noise, the load estimator, number formats."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import norm

from moefusion.fusion import NoisyTopKGate
from moefusion.fusion.gate import RunningStandard

NOISE = 0.2


def gate_with_logits(logits, top_k, noise=NOISE):
    """A gate without standardisation, and features whose clean logits are the given ones."""
    num_samples, num_experts = logits.shape
    gate = NoisyTopKGate(num_samples, (1, 1), num_experts, top_k, noise)
    gate.standard = torch.nn.Identity()
    with torch.no_grad():
        gate.weight.copy_(logits)
    features = torch.eye(num_samples) * num_samples**0.5  # the gate divides by sqrt(D)
    return gate, features.view(num_samples, num_samples, 1, 1)


@pytest.mark.parametrize('top_k', [1, 2, 3, 4])
def test_softmax_over_the_top_k(top_k):
    logits = torch.randn(6, 4)
    gate, features = gate_with_logits(logits, top_k)
    gating = gate.eval()(features)
    for row, values in enumerate(logits.numpy()):
        best = np.argsort(-values)[:top_k]
        expected = np.zeros(4)
        expected[best] = softmax(values[best])
        np.testing.assert_allclose(gating.weights[row].detach(), expected, rtol=1e-5)
        assert gating.selected[row] == best.tolist()
    counts = [sum(expert in chosen for chosen in gating.selected) for expert in range(4)]
    assert gating.load.sum(dim=0).tolist() == counts


def test_pools_to_the_grid_then_flattens():
    """Equation 1 with s written out: block means, channel by channel, over sqrt(D)."""
    gate = NoisyTopKGate(3, (2, 4), 5, 5).eval()
    with torch.no_grad():
        gate.weight.normal_()
    first, second = torch.rand(2, 1, 6, 8), torch.rand(2, 2, 6, 8)
    stacked = torch.cat([first, second], 1).numpy()
    s = stacked.reshape(2, 3, 2, 3, 4, 2).mean(axis=(3, 5)).reshape(2, 24) / np.sqrt(24)
    expected = softmax(s @ gate.weight.detach().numpy(), axis=1)
    np.testing.assert_allclose(gate(first, second).weights.detach(), expected, rtol=1e-4)


@pytest.mark.parametrize('size', [(1, 1), (3, 2), (17, 23)])
def test_images_smaller_than_the_grid(size):
    gate = NoisyTopKGate(1, (20, 30), 4, 2)
    gating = gate(torch.rand(2, 1, *size))
    torch.testing.assert_close(gating.weights.sum(1), torch.ones(2))


def test_starts_at_zero_and_uses_all_experts_alike():
    gate = NoisyTopKGate(4, (2, 2), 4, 2)
    assert not gate.weight.any() and not gate.noise_weight.any()
    gating = gate(torch.rand(4000, 4, 4, 4))
    used = torch.tensor([[expert in chosen for expert in range(4)] for chosen in gating.selected])
    # Each is used by half of the samples; 4000 draws: standard deviation 0.008
    assert (used.float().mean(0) - 0.5).abs().max() < 0.04
    assert (gating.weights.sum(0) / 4000 - 0.25).abs().max() < 0.03
    assert (gating.load.sum(0) / 4000 - 0.5).abs().max() < 0.04


def test_noisy_in_training_clean_at_test():
    gate, features = gate_with_logits(torch.randn(3, 4), 4)
    first, second = gate(features).weights, gate(features).weights
    assert not torch.equal(first, second)
    gate.eval()
    assert torch.equal(gate(features).weights, gate(features).weights)


def test_without_noise():
    gate, features = gate_with_logits(torch.randn(3, 4), 2, noise=0)
    training = gate.train()(features)
    assert torch.equal(training.weights, gate.eval()(features).weights)
    assert [name for name, _ in gate.named_parameters()] == ['weight']


def test_scale_of_the_noise():
    """0.5 softplus(s W_noise) / log 2 + 0.01, a scale for each sample and expert."""
    gate = NoisyTopKGate(1, (1, 1), 2, 2, noise=0.5)
    gate.standard = torch.nn.Identity()
    with torch.no_grad():
        gate.noise_weight.copy_(torch.tensor([[1.0, -3.0]]))
    weights = gate(torch.ones(20000, 1, 1, 1)).weights
    spread = (weights[:, 0] / weights[:, 1]).log().detach().numpy()  # noise_0 - noise_1
    scales = 0.5 * np.log1p(np.exp([1.0, -3.0])) / np.log(2) + 0.01
    assert spread.std() == pytest.approx(np.hypot(*scales), rel=0.03)
    assert abs(spread.mean()) < 0.05


@pytest.mark.parametrize('num_experts, top_k', [(4, 1), (4, 2), (4, 3), (6, 2)])
def test_load_is_the_chance_to_stay_if_the_noise_is_drawn_anew(num_experts, top_k, monkeypatch):
    """Against redrawing each expert's noise while the others keep theirs, as [28] defines it."""
    clean = 0.15 * torch.randn(3, num_experts)
    gate, features = gate_with_logits(clean, top_k)
    noise = torch.randn(3, num_experts)
    monkeypatch.setattr(torch, 'randn_like', lambda _: noise)
    load = gate(features).load.sum(dim=0).detach().numpy()
    scale = NOISE + 0.01  # at the start, and the least noise
    draws = np.random.default_rng(0).normal(size=40000)
    chances = np.zeros(num_experts)
    for logits, sample_noise in zip(clean.numpy(), noise.numpy()):
        noisy = logits + scale * sample_noise
        for expert in range(num_experts):
            others = np.sort(np.delete(noisy, expert))[::-1]
            chances[expert] += (logits[expert] + scale * draws > others[top_k - 1]).mean()
    np.testing.assert_allclose(load, chances, atol=0.02)


def test_load_by_hand(monkeypatch):
    gate, features = gate_with_logits(torch.tensor([[0.4, 0.2, 0.0]]), 1)
    monkeypatch.setattr(torch, 'randn_like', torch.zeros_like)
    scale = NOISE + 0.01
    # Expert 0 stays if it beats 1; the others are in if they beat 2.
    expected = norm.cdf(np.array([0.2, -0.2, -0.4]) / scale)
    np.testing.assert_allclose(gate(features).load[0].detach(), expected, rtol=1e-5)


def test_load_has_gradients_for_both_weights():
    gate = NoisyTopKGate(2, (1, 1), 4, 2)
    gate(torch.rand(3, 2, 4, 4)).load[0, 0].backward()
    assert gate.weight.grad.abs().sum() > 0 and gate.noise_weight.grad.abs().sum() > 0


def test_all_experts_selected():
    gate = NoisyTopKGate(2, (1, 1), 4, 4)
    gating = gate(torch.rand(3, 2, 4, 4))
    assert gating.load.tolist() == [[1, 1, 1, 1]] * 3
    assert (gating.weights > 0).all()
    gating.weights[0, 0].backward()
    assert gate.noise_weight.grad.abs().sum() > 0


def test_float32_under_autocast():
    """Logits a half-precision format cannot tell apart still select the larger one."""
    gate, features = gate_with_logits(torch.tensor([[1.0, 1.001, 1.002, 0.0]]), 1)
    with torch.autocast('cpu', torch.bfloat16):
        gating = gate.eval()(features.bfloat16())
    assert gating.selected == [[2]]
    assert gating.weights.dtype == gating.load.dtype == torch.float32
    with torch.autocast('cpu', torch.bfloat16):
        gating = gate.train()(features.bfloat16())
    assert gating.weights.dtype == gating.load.dtype == torch.float32


@pytest.mark.parametrize(
    'option, message',
    [
        *((dict(top_k=k), f'top_k must be .* num_experts = 4, but is {k}') for k in (0, 5, -1)),
        *((dict(grid=g), 'two positive sizes') for g in ((0, 3), (3,), (2, 2, 2), (4, -1))),
        (dict(noise=-1), 'noise of a gate must be 0 or more, but is -1'),
    ],
)
def test_bad_options(option, message):
    with pytest.raises(ValueError, match=message):
        NoisyTopKGate(**dict(in_channels=1, grid=(1, 1), num_experts=4, top_k=2) | option)


def test_standardised_features_are_those_of_numpy():
    """Once 1 / momentum batches are seen: the plain mean of what came, entry by entry."""
    standard = RunningStandard(3)
    standard.momentum, standard.limit = 0.1, 1.5
    values = torch.randn(40, 3) * torch.tensor([1e-3, 1.0, 50.0]) + torch.tensor([5.0, 0.0, -9.0])
    for batch in values.split(4):
        standard(batch)
    mean = values.mean(dim=0)
    torch.testing.assert_close(standard.mean, mean, rtol=1e-4, atol=1e-4)
    # deviations from the mean as it was known then: a little off the final one's
    spread = values.std(dim=0)
    torch.testing.assert_close(standard.variance.sqrt(), spread, rtol=0.2, atol=0)
    ours = standard.eval()(values)
    expected = ((values - standard.mean) / standard.variance.sqrt()).clamp(-1.5, 1.5)
    torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-3)
    assert ours.abs().max() == 1.5


def test_a_gate_decides_in_training_as_at_test():
    """By running statistics in both, and by one sample as by a batch."""
    gate = NoisyTopKGate(2, (2, 2), 4, 2, noise=0)
    with torch.no_grad():
        gate.weight.normal_()
    features = torch.rand(6, 2, 4, 4)
    for _ in range(300):
        gate(features)
    together = gate(features).logits
    torch.testing.assert_close(gate.eval()(features).logits, together, rtol=1e-4, atol=1e-4)
    alone = torch.cat([gate(row[None]).logits for row in features])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-4)


def test_small_differences_on_a_large_common_part_decide():
    """What pooled features are like: without standardisation all logits would be the same."""
    gate = NoisyTopKGate(1, (1, 2), 2, 1, noise=0)
    with torch.no_grad():
        gate.weight.copy_(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
    features = 0.5 + 1e-3 * torch.tensor([[[[1.0, -1.0]]], [[[-1.0, 1.0]]]])
    for _ in range(100):
        gate(features)
    assert gate.eval()(features).selected == [[0], [1]]
