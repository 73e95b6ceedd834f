"""GateStatistics: sums over the sizes of a batch, and shares for the log."""

import pytest
import torch

from moefusion.fusion import Gating
from moefusion.models.gate_statistics import GateStatistics


def gating(weights, load):
    return Gating(torch.tensor(weights), torch.tensor(load), [])


def test_sums_over_sizes():
    statistics = GateStatistics(
        [
            dict(local=gating([[1.0, 0.0], [0.25, 0.75]], [1.5, 0.5])),
            dict(local=gating([[0.0, 1.0]], [0.25, 0.75])),
        ]
    )
    importance, load = statistics.sums['local']
    assert importance.tolist() == [1.25, 1.75]
    assert load.tolist() == [1.75, 1.25]


def test_shares():
    statistics = GateStatistics(
        [
            dict(
                local=gating([[0.5, 0.5], [0.5, 0.5]], [1.0, 1.0]),
                decoder=gating([[1.0, 0.0]], [1.0, 0.0]),
            )
        ]
    )
    assert {name: value.item() for name, value in statistics.shares().items()} == pytest.approx(
        {'gates.local': 0.5, 'gates.decoder': 1.0}
    )


def test_gradients_reach_the_gate():
    weights = torch.tensor([[0.5, 0.5]], requires_grad=True)
    statistics = GateStatistics([dict(local=Gating(weights, torch.ones(2), []))])
    statistics.sums['local'][0][0].backward()
    assert weights.grad.tolist() == [[1, 0]]
    assert not statistics.shares()['gates.local'].requires_grad
