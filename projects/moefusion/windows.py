"""Cuts an image into strips of rows with a halo: the arithmetic, for torch and NumPy alike."""

from __future__ import annotations

from typing import NamedTuple

CELLS = 1 << 17  # of a strip, without its halo


class Window(NamedTuple):
    """Rows of an image, counted in cells: where a strip and its halo begin, the strip, the whole.

    Attributes:
        first (int): where the halo above the strip begins.
        start (int): where the strip begins.
        stop (int): where it ends.
        height (int): of the whole image.
    """

    first: int
    start: int
    stop: int
    height: int

    def outer(self, reach: int, scale: int) -> slice:
        """The strip and its halo, of an image of which ``scale`` rows are one cell."""
        return slice(self.first * scale, (self.stop + reach) * scale)

    def inner(self, scale: int = 1) -> slice:
        """The strip among the rows of :meth:`outer`."""
        return slice((self.start - self.first) * scale, (self.stop - self.first) * scale)


def windows(height: int, width: int, reach: int, cells: int = CELLS) -> list[Window]:
    """Strips of about ``cells`` that see ``reach`` rows more on both sides; no thinner than these.

    Height and width of the image are counted in cells, too.
    """
    rows = max(cells // width, 2 * reach, 1)
    starts = range(0, height, rows)
    return [Window(max(at - reach, 0), at, min(at + rows, height), height) for at in starts]
