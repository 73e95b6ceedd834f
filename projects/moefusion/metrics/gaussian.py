"""The Gaussian windows of VIF as products with banded matrices, the fastest way in float64.

A filter is separable, and each axis is a product with a matrix of shifted windows. Cut into tiles,
so that few of its zeros are multiplied, it runs at the speed of BLAS.
"""

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from moefusion.image import gaussian_window
from moefusion.metrics.strips import rows_at_once

# Columns and rows of a tile: larger ones multiply more zeros, smaller ones start more products.
COLUMNS = 32
ROWS = 16


def filtered_length(length: int, size: int, step: int = 1) -> int:
    """Positions of a window of ``size`` that fit whole into ``length``, every ``step``-th."""
    return -(-(length - size + 1) // step)


def pad_to_tiles(images: Tensor, size: int, step: int = 1) -> Tensor:
    """Add zeros on the right and at the bottom of ``N x H x W`` images, to fill the last tiles."""
    height, width = (
        _padded(side, size, step, tile)[1] for side, tile in zip(images.shape[1:], (ROWS, COLUMNS))
    )
    return F.pad(images, (0, width - images.shape[2], 0, height - images.shape[1]))


def tile_strips(images: Tensor, size: int, step: int = 1) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of strips of the images, padded, that fill tiles."""
    tiles, _ = _padded(images.shape[1], size, step, ROWS)
    at_once = max(1, rows_at_once(images) // (ROWS * step))
    for start in range(0, tiles, at_once):
        stop = min(start + at_once, tiles)
        yield start * ROWS * step, _inputs((stop - start) * ROWS, size, step) + start * ROWS * step


def filter_tiles(images: Tensor, size: int, step: int = 1) -> Tensor:
    """Filter rows and columns with a Gaussian window of sigma = size / 5 that must fit ('valid').

    Args:
        images (Tensor): ``N x H x W``, ``float64``: a strip (:func:`tile_strips`) of images from
            :func:`pad_to_tiles` with the same ``size`` and ``step``.
        size (int): Side of the window.
        step (int): Keep every ``step``-th row and column of the result, from the first one on.

    Returns:
        Tensor: ``N x tiles x rows x 32``, tiles from left to right. Rows and columns at the ends
        of the last tiles saw the added zeros and mean nothing.
    """
    count, height, width = images.shape
    inputs, skip = _inputs(ROWS, size, step), ROWS * step
    tiles = (height - inputs) // skip + 1
    ranges = images.as_strided(
        (count, tiles, inputs, width), (images.stride(0), skip * width, width, 1)
    )
    band = _band(ROWS, size, step, images.device)
    down = torch.bmm(band.T.expand(count * tiles, -1, -1), ranges.flatten(0, 1))
    height = tiles * ROWS
    inputs, skip = _inputs(COLUMNS, size, step), COLUMNS * step
    tiles = (width - inputs) // skip + 1
    ranges = down.as_strided((count, tiles, height, inputs), (height * width, skip, width, 1))
    band = _band(COLUMNS, size, step, images.device)
    across = torch.bmm(ranges.flatten(0, 1), band.expand(count * tiles, -1, -1))
    return across.view(count, tiles, height, COLUMNS)


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
    band = torch.zeros(_inputs(outputs, size, step), outputs, dtype=torch.float64)
    window = gaussian_window(size, size / 5, band)  # MATLAB's fspecial('gaussian', size, size / 5)
    for output in range(outputs):
        band[output * step : output * step + size, output] = window
    return band.to(device)
