"""The load loss of one mixture (paper, equation 10; Shazeer et al. [28], section 4)."""

from torch import Tensor


def squared_variation(values: Tensor) -> Tensor:
    """CV^2 of E values of 0 or more: population variance over squared mean.

    From 0 (all equal, or all zero) to E - 1 (all in one).
    """
    return values.var(unbiased=False) / values.mean().square().clamp(min=1e-10)


def load_loss(importance: Tensor, load: Tensor) -> Tensor:
    """CV^2(importance) + CV^2(load): 0 when all experts are used alike.

    Args:
        importance (Tensor): E sums of gate weights over the (global) batch.
        load (Tensor): E (estimated) numbers of samples over the (global) batch.
    """
    return squared_variation(importance) + squared_variation(load)
