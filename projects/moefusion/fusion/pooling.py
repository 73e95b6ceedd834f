"""Averages over the cells of a grid: of a whole map, of its strips, and for export."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cell_shares(
    rows: int, count: int, first: int | Tensor = 0, size: int | Tensor | None = None
) -> Tensor:
    """What each of ``rows`` rows adds to the means of ``count`` cells, as adaptive pooling has it.

    Args:
        rows (int): how many to tell of.
        count (int): of cells.
        first (int | Tensor): the first of these rows. Defaults to 0.
        size (int | Tensor, optional): of all rows that the cells share. Defaults to ``rows``.

    Returns:
        Tensor: ``count`` x ``rows``; over all rows, each sums to 1.
    """
    size = rows if size is None else size
    number, place = torch.arange(count)[:, None], torch.arange(rows)[None] + first
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
