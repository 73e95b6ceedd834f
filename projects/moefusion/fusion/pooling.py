"""Averages over the cells of a grid: of a whole map, of its strips, and for export."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cell_shares(size: int, count: int) -> Tensor:
    """What each of ``size`` rows adds to the means of ``count`` cells, as adaptive pooling has it.

    Returns:
        Tensor: ``count`` x ``size``; each row sums to 1.
    """
    number, place = torch.arange(count)[:, None], torch.arange(size)[None]
    start, end = number * size // count, ((number + 1) * size + count - 1) // count
    return ((place >= start) & (place < end)).float() / (end - start)


def average_pool(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Mean of N x C x H x W features over each cell of a grid of rows and columns.

    PyTorch's own pooling exports for one size of images alone; two products of matrices export
    for any.
    """
    if not torch.compiler.is_compiling():
        return F.adaptive_avg_pool2d(features, grid)
    rows, columns = (cell_shares(*sizes) for sizes in zip(features.shape[-2:], grid))
    return rows.to(features) @ features @ columns.to(features).T
