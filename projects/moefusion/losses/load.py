"""The load loss of one mixture (paper, equation 10; Shazeer et al. [28], section 4)."""

from torch import Tensor


def squared_variation(values: Tensor) -> Tensor:
    """CV^2: population variance over squared mean, 0 for a single value or an all-zero vector.

    Args:
        values (Tensor): E values, 0 or more.

    Returns:
        Tensor: a scalar, from 0 (all equal) to E - 1 (all in one).
    """
    return values.var(unbiased=False) / values.mean().square().clamp(min=1e-10)


def load_loss(importance: Tensor, load: Tensor) -> Tensor:
    """CV^2(importance) + CV^2(load): 0 when all experts are used alike.

    Args:
        importance (Tensor): E sums of gate weights over the (global) batch.
        load (Tensor): E (estimated) numbers of samples over the (global) batch.

    Returns:
        Tensor: a scalar.
    """
    return squared_variation(importance) + squared_variation(load)
