"""The Gaussian windows of VIF as matrix products with banded matrices, the fastest in float64."""
from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

# Outputs of one product: longer ones multiply more zeros, shorter ones start more products.
TILE = 32


def gaussian_window(size: int) -> Tensor:
    """One axis of MATLAB's ``fspecial('gaussian', size, size / 5)``: ``size`` weights, sum 1."""
    offsets = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-offsets.square() / (2 * (size / 5) ** 2))
    return weights / weights.sum()


def gaussian_filter(images: Tensor, size: int, step: int = 1) -> Tensor:
    """Filter with a Gaussian window of sigma = size / 5 where it fits whole ('valid').

    Args:
        images (Tensor): ``N x H x W``, ``float64``, at least ``size`` pixels high and wide.
        size (int): Side of the window.
        step (int): Keep every ``step``-th row and column of the result, from the first one on.

    Returns:
        Tensor: ``N x h x w`` with ``h = ceil((H - size + 1) / step)``, ``w`` likewise.
    """
    count, height, width = images.shape
    width_out = -(-(width - size + 1) // step)
    rows = images.new_empty(count * height, width_out)
    flat = images.reshape(count * height, width)
    for out, used, band in _tiles(width, size, step, images.device):
        torch.mm(flat[:, used], band, out=rows[:, out])
    rows = rows.view(count, height, width_out)
    height_out = -(-(height - size + 1) // step)
    result = images.new_empty(count, height_out, width_out)
    for out, used, band in _tiles(height, size, step, images.device):
        torch.matmul(band.T, rows[:, used], out=result[:, out])
    return result


def _tiles(length: int, size: int, step: int, device: torch.device):
    """Yield, tile by tile, the outputs, the inputs they need and the matrix between them."""
    length_out = -(-(length - size + 1) // step)
    for start in range(0, length_out, TILE):
        outputs = min(TILE, length_out - start)
        inputs = (outputs - 1) * step + size
        used = slice(start * step, start * step + inputs)
        yield slice(start, start + outputs), used, _band(size, step, device)[:inputs, :outputs]


@lru_cache(maxsize=32)
def _band(size: int, step: int, device: torch.device) -> Tensor:
    band = torch.zeros((TILE - 1) * step + size, TILE, dtype=torch.float64)
    window = gaussian_window(size)
    for output in range(TILE):
        band[output * step:output * step + size, output] = window
    return band.to(device)
