"""GateStatistics: running shares, their gradients, what the log says."""

import pytest
import torch

from moefusion.fusion import Gating, NoisyTopKGate
from moefusion.losses import load_loss
from moefusion.models.gate_statistics import GateStatistics

EXPERTS = 2


def statistics(**options):
    return GateStatistics(dict(local=NoisyTopKGate(1, (1, 1), EXPERTS, 1)), **options)


def gating(weights, load=None, logits=None, noise=None):
    weights = torch.tensor(weights)
    load = weights if load is None else torch.tensor(load)
    chosen = weights.topk(1).indices
    return dict(local=Gating(weights, load, chosen, weights if logits is None else logits, noise))


def test_shares_are_a_running_mean_over_all_samples():
    model = statistics(momentum=0.25)
    model([gating([[1.0, 0.0]]), gating([[0.25, 0.75]]), gating([[0.25, 0.75]])])
    # half of the weight of the batch; a start of 1 / 2
    torch.testing.assert_close(model.shares_local, torch.full((2, 2), 0.5))
    result = model([gating([[1.0, 0.0]], load=[[0.6, 0.4]])])
    expected = torch.tensor([[0.625, 0.375], [0.525, 0.475]])
    torch.testing.assert_close(model.shares_local, expected)
    torch.testing.assert_close(result['load.loss_local'], load_loss(*expected))
    assert result['gates.local'].item() == pytest.approx(0.625)
    assert result['gates.local_0'].item() == pytest.approx(0.625)
    assert result['gates.local_1'].item() == pytest.approx(0.375)


def test_one_uneven_batch_is_no_loss():
    """A batch of one always takes an expert: what counts is the use over many."""
    model = statistics()
    for _ in range(200):
        model([gating([[1.0, 0.0]])])
        result = model([gating([[0.0, 1.0]])])
    assert result['load.loss_local'] < 0.01
    for _ in range(200):
        result = model([gating([[1.0, 0.0]])])
    assert result['load.loss_local'] > 1.9  # CV^2 is 1 for each of importance and load


def test_gradients_are_those_of_the_batch():
    """As if the batch's shares were the running ones: pushed away from the expert that is used."""
    model = statistics()
    for _ in range(100):
        model([gating([[1.0, 0.0]])])
    weights = torch.tensor([[0.5, 0.5]], requires_grad=True)
    decision = Gating(weights, torch.full((1, 2), 0.5), torch.tensor([[0]]), torch.zeros(1, 2))
    result = model([dict(local=decision)])
    result['load.loss_local'].backward()
    assert weights.grad[0, 0] > 0 > weights.grad[0, 1]
    assert not result['gates.local'].requires_grad


def test_spread_of_the_logits_over_the_noise():
    noise = torch.full((1, 2), 0.1)
    rows = [
        gating([[1.0, 0.0]], logits=torch.tensor([[0.3, 0.0]]), noise=noise),
        gating([[0.0, 1.0]], logits=torch.tensor([[-0.3, 0.2]]), noise=noise),
    ]
    # deviations 0.3 and 0.1 between the two samples, 0.2 in the mean
    assert statistics()(rows)['gates.local_spread'].item() == pytest.approx(2)
    assert 'gates.local_spread' not in statistics()([gating([[1.0, 0.0]])])
