"""The Gaussian windows of VIF as products with banded matrices, the fastest way in float64.

A filter is separable, and each axis is a product with a matrix of shifted windows. Cut into tiles,
so that few of its zeros are multiplied, it runs at the speed of BLAS. The columns are cut once for
an image (:func:`tile_columns`), and products of images can be formed on the tiles.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from .strips import rows_at_once

# Columns and rows of a tile: larger ones multiply more zeros, smaller ones start more products.
COLUMNS = 32
ROWS = 16


def gaussian_window(size: int) -> Tensor:
    """One axis of MATLAB's ``fspecial('gaussian', size, size / 5)``: ``size`` weights, sum 1."""
    offsets = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-offsets.square() / (2 * (size / 5) ** 2))
    return weights / weights.sum()


def filtered_length(length: int, size: int, step: int = 1) -> int:
    """Positions of a window of ``size`` that fit whole into ``length``, every ``step``-th."""
    return -(-(length - size + 1) // step)


def tile_columns(images: Tensor, size: int, step: int = 1) -> Tensor:
    """Cut ``N x H x W`` images into the ranges that tiles of filtered columns need.

    Returns:
        Tensor: ``N x h x tiles x inputs`` of the images' type. Zeros are added on the right and at
        the bottom to fill the last tiles of columns and rows.
    """
    columns, width = _padded(images.shape[2], size, step, COLUMNS)
    _, height = _padded(images.shape[1], size, step, ROWS)
    images = F.pad(images, (0, width - images.shape[2], 0, height - images.shape[1]))
    tiles = images.unfold(2, _inputs(COLUMNS, size, step), COLUMNS * step)
    return tiles[:, :, :columns].contiguous()


def tile_strips(images: Tensor, size: int, step: int = 1) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of strips of the tiles of images."""
    tiles, _ = _padded(images.shape[1], size, step, ROWS)
    at_once = max(1, rows_at_once(images) // (ROWS * step))
    for start in range(0, tiles, at_once):
        stop = min(start + at_once, tiles)
        yield start * ROWS * step, (stop - 1) * ROWS * step + _inputs(ROWS, size, step)


def filter_tiles(tiles: Tensor, size: int, step: int = 1) -> Tensor:
    """Filter columns and rows with a Gaussian window of sigma = size / 5 that must fit ('valid').

    Args:
        tiles (Tensor): ``N x H x tiles x inputs``, ``float64``: the rows of a strip
            (:func:`tile_strips`) from :func:`tile_columns` with the same ``size`` and ``step``.
        size (int): Side of the window.
        step (int): Keep every ``step``-th row and column of the result, from the first one on.

    Returns:
        Tensor: ``N x (16 tiles of rows) x (32 tiles)``; rows and columns of the last tiles that
        saw the added zeros mean nothing.
    """
    count, height, columns, _ = tiles.shape
    width, inputs = columns * COLUMNS, _inputs(ROWS, size, step)
    rows = (height - inputs) // (ROWS * step) + 1
    across = tiles.flatten(0, 2) @ _band(COLUMNS, size, step, tiles.device)
    # Overlapping ranges of rows, one for each tile, without a copy.
    ranges = across.as_strided((count, rows, inputs, width),
                               (height * width, ROWS * step * width, width, 1))
    if count > 1:
        ranges = ranges.reshape(count * rows, inputs, width)
    band = _band(ROWS, size, step, tiles.device).T.expand(count * rows, -1, -1)
    return torch.bmm(band, ranges.view(count * rows, inputs, width)).view(count, rows * ROWS, width)


def _inputs(outputs: int, size: int, step: int) -> int:
    return (outputs - 1) * step + size


def _padded(length: int, size: int, step: int, tile: int) -> tuple[int, int]:
    """Number of tiles that cover a filtered length, and the length that fills them."""
    tiles = -(-filtered_length(length, size, step) // tile)
    # at least as long as it is: the last step may leave a rest
    return tiles, max(_inputs(tiles * tile, size, step), length)


@lru_cache(maxsize=64)
def _band(outputs: int, size: int, step: int, device: torch.device) -> Tensor:
    """The ``inputs x outputs`` matrix whose columns are the window, each ``step`` further down."""
    band = torch.zeros((outputs - 1) * step + size, outputs, dtype=torch.float64)
    window = gaussian_window(size)
    for output in range(outputs):
        band[output * step:output * step + size, output] = window
    return band.to(device)
