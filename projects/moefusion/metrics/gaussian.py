"""The Gaussian windows of VIF as products with banded matrices, the fastest way in float64.

A filter is separable, and each axis is a product with a matrix of shifted windows. Cut into tiles,
so that few of its zeros are multiplied, it runs at the speed of BLAS. The columns are cut once for
an image (:func:`column_tiles`), and products of images can be formed on the tiles.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

# Columns of a tile: wider ones multiply more zeros, narrower ones copy more columns.
TILE = 32
# Rows of a strip: its intermediates stay in the processor's cache.
ROWS = 48


def gaussian_window(size: int) -> Tensor:
    """One axis of MATLAB's ``fspecial('gaussian', size, size / 5)``: ``size`` weights, sum 1."""
    offsets = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-offsets.square() / (2 * (size / 5) ** 2))
    return weights / weights.sum()


def filtered_length(length: int, size: int, step: int = 1) -> int:
    """Positions of a window of ``size`` that fit whole into ``length``, every ``step``-th."""
    return -(-(length - size + 1) // step)


def column_tiles(images: Tensor, size: int, step: int = 1) -> Tensor:
    """Cut ``N x H x W`` images into the column ranges that tiles of filtered columns need.

    Returns:
        Tensor: ``N x H x tiles x inputs`` of the images' type; right of the image stand zeros.
    """
    tiles = -(-filtered_length(images.shape[2], size, step) // TILE)
    inputs = (TILE - 1) * step + size
    missing = (tiles - 1) * TILE * step + inputs - images.shape[2]
    images = F.pad(images, (0, max(missing, 0)))
    return images.unfold(2, inputs, TILE * step)[:, :, :tiles].contiguous()


def filter_tiles(tiles: Tensor, size: int, step: int = 1) -> Tensor:
    """Filter columns and rows with a Gaussian window of sigma = size / 5 that must fit ('valid').

    Args:
        tiles (Tensor): ``N x H x tiles x inputs``, ``float64``, from :func:`column_tiles` with
            the same ``size`` and ``step``. A strip of rows at a time (:func:`strips`): the matrix
            of the rows is not cut.
        size (int): Side of the window.
        step (int): Keep every ``step``-th row and column of the result, from the first one on.

    Returns:
        Tensor: ``N x filtered_length(H) x (32 tiles)``; columns from ``filtered_length(W)`` on
        mean nothing.
    """
    count, height, tile_count, _ = tiles.shape
    rows = tiles.flatten(0, 2) @ _band(TILE, size, step, tiles.device)
    band = _band(filtered_length(height, size, step), size, step, tiles.device)
    return torch.bmm(band.T.expand(count, -1, -1), rows.view(count, height, tile_count * TILE))


def strips(height: int, size: int, step: int = 1) -> Iterator[tuple[int, int]]:
    """Yield the first and the last row (exclusive) that each strip of filtered rows needs."""
    length = filtered_length(height, size, step)
    for start in range(0, length, ROWS):
        stop = min(start + ROWS, length)
        yield start * step, (stop - 1) * step + size


@lru_cache(maxsize=64)
def _band(outputs: int, size: int, step: int, device: torch.device) -> Tensor:
    """The ``inputs x outputs`` matrix whose columns are the window, each ``step`` further down."""
    band = torch.zeros((outputs - 1) * step + size, outputs, dtype=torch.float64)
    window = gaussian_window(size)
    for output in range(outputs):
        band[output * step:output * step + size, output] = window
    return band.to(device)
