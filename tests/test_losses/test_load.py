"""load_loss: squared coefficients of variation by hand."""

import numpy as np
import pytest
import torch
from scipy.stats import variation

from moefusion.losses import load_loss
from moefusion.losses.load import squared_variation


def test_by_hand():
    importance, load = torch.tensor([3.0, 1.0]), torch.tensor([4.0, 0.0])
    # mean 2, variance 1; mean 2, variance 4
    assert load_loss(importance, load).item() == pytest.approx(1 / 4 + 4 / 4)


def test_agrees_with_scipy():
    values = np.random.default_rng(0).random(6).astype(np.float32)
    assert squared_variation(torch.from_numpy(values)).item() == pytest.approx(
        variation(values) ** 2, rel=1e-5
    )


@pytest.mark.parametrize(
    'values, expected',
    [([2.0, 2.0, 2.0, 2.0], 0), ([8.0, 0.0, 0.0, 0.0], 3), ([5.0], 0), ([0.0, 0.0], 0)],
)
def test_limits(values, expected):
    assert squared_variation(torch.tensor(values)).item() == pytest.approx(expected)


def test_pushes_work_from_the_busy_to_the_idle():
    load = torch.tensor([3.0, 1.0], requires_grad=True)
    load_loss(torch.tensor([1.0, 1.0]), load).backward()
    assert load.grad[0] > 0 > load.grad[1]
