"""Strips of rows, so that intermediate results stay in the processor's cache."""

from collections.abc import Iterator

from torch import Tensor

# Pixels of a strip on the CPU: half a megabyte for each float64 intermediate.
PIXELS = 2**16


def rows_at_once(images: Tensor) -> int:
    """Rows of a strip of ``N x H x W`` images; all of them on a GPU."""
    count, height, width = images.shape
    return height if images.is_cuda else max(1, PIXELS // (count * width))


def row_strips(images: Tensor) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of the strips of ``N x H x W`` images."""
    height, rows = images.shape[1], rows_at_once(images)
    for start in range(0, height, rows):
        yield start, min(start + rows, height)
