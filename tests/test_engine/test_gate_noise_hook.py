"""GateNoiseHook: a straight line down."""

from types import SimpleNamespace

import pytest
from torch import nn

from moefusion.engine import GateNoiseHook
from moefusion.fusion import NoisyTopKGate


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (dict(), {0: 1.0, 500: 0.575, 1000: 0.15}),
        (dict(end=0.5), {0: 1.0, 500: 0.75, 750: 0.625, 1000: 0.5}),
        (dict(end=0), {0: 1.0, 250: 0.75, 500: 0.5, 900: 0.1}),
    ],
)
def test_share_of_the_starting_noise_by_hand(options, expected):
    """Of 1000 iterations; each gate by its own."""
    noises = [0.2, 0.8, 0.0]
    gates = nn.ModuleList(NoisyTopKGate(2, (1, 1), 4, 2, noise=noise) for noise in noises)
    runner = SimpleNamespace(model=nn.Sequential(gates), iter=0, max_iters=1000)
    hook = GateNoiseHook(**options)
    hook.before_train(runner)
    for runner.iter, share in expected.items():
        hook.before_train_iter(runner, 0)
        assert [gate.noise for gate in gates] == pytest.approx([share * each for each in noises])
