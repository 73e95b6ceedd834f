"""Strips of rows, so that intermediate results stay in the processor's cache."""
from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

# Pixels of a strip on the CPU: a quarter of a megabyte for each float64 intermediate.
PIXELS = 2 ** 15


def row_strips(images: Tensor) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of strips of ``N x H x W`` images; one on a GPU."""
    count, height, width = images.shape
    rows = height if images.is_cuda else max(1, PIXELS // (count * width))
    for start in range(0, height, rows):
        yield start, min(start + rows, height)
