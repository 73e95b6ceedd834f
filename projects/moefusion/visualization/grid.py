"""Panels in rows and columns without room between them but for their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 100
GAP = 0.04  # all in inches
LINE = 0.22  # of text


def image_grid(
    ratios: Sequence[float],
    columns: int,
    width: float,
    above: float = 0,
    below: float = 0,
    left: float = 0,
) -> tuple[Figure, np.ndarray]:
    """Make empty panels that fit their images exactly.

    Args:
        ratios (Sequence[float]): of each row, height over width of its images.
        columns (int): number of columns.
        width (float): of a panel.
        above (float): room over each panel, for its title. Defaults to 0.
        below (float): room under each panel. Defaults to 0.
        left (float): room before the first column. Defaults to 0.

    Returns:
        tuple[Figure, np.ndarray]: the figure, and its axes, rows x columns.
    """
    heights = [width * ratio for ratio in ratios]
    wide = left + columns * (width + GAP) + GAP
    high = sum(heights) + len(heights) * (above + below + GAP) + GAP
    figure = Figure((wide, high), DPI)
    axes = np.empty((len(heights), columns), object)
    top = high - GAP
    for row, height in enumerate(heights):
        bottom = top - above - height
        for column in range(columns):
            x = left + GAP + column * (width + GAP)
            place = x / wide, bottom / high, width / wide, height / high
            axes[row, column] = figure.add_axes(place)
        top = bottom - below - GAP
    return figure, axes


def to_image(figure: Figure) -> np.ndarray:
    """Draw a figure: H x W x 3, uint8, R, G, B."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
