"""Averages over the cells of a grid: of a whole map, of its strips, and for export."""

from __future__ import annotations

from collections.abc import Sequence

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


def strip_means(features: Tensor, grid: tuple[int, int], window: Sequence[int | Tensor]) -> Tensor:
    """What a strip adds to the whole image's means over a grid, N x C x rows x columns, float32.

    Args:
        features (Tensor): N x C x H x W, of the strip and its halo.
        grid (tuple[int, int]): rows and columns.
        window (Sequence[int | Tensor]): a :class:`moefusion.windows.Window`, of numbers or tensors.
    """
    first, start, stop, height = window
    rows, columns = features.shape[-2:]
    place = torch.arange(rows) + first
    down = cell_shares(rows, grid[0], first, height) * ((place >= start) & (place < stop))
    down, across = (shares.to(features.device) for shares in (down, cell_shares(columns, grid[1])))
    with torch.autocast(features.device.type, enabled=False):
        return down @ features.float() @ across.T


def average_pool(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Mean of N x C x H x W features over each cell of a grid of rows and columns.

    PyTorch's own pooling exports for one size of images alone; two products of matrices export
    for any.
    """
    if not torch.compiler.is_compiling():
        return F.adaptive_avg_pool2d(features, grid)
    rows, columns = (cell_shares(*sizes) for sizes in zip(features.shape[-2:], grid))
    return rows.to(features) @ features @ columns.to(features).T
