"""Panels without room between them but for their names, and figures as pixels and files."""

from __future__ import annotations

import io
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
    """Make empty panels that fit their images exactly: a figure and its axes, rows x columns.

    ``ratios`` has, for each row, the height over the width of its images. The rest is in inches:
    ``width`` of a panel, room ``above`` and ``below`` each, and ``left`` of the first column.
    """
    heights = [width * ratio for ratio in ratios]
    wide = left + columns * (width + GAP) + GAP
    high = sum(heights) + len(heights) * (above + below + GAP) + GAP
    figure = Figure((wide, high), DPI)
    place = dict(
        left=(left + GAP) / wide,
        right=1 - GAP / wide,
        bottom=(GAP + below) / high,
        top=1 - (GAP + above) / high,
        wspace=GAP / width,
        hspace=(below + GAP + above) / float(np.mean(heights)),
    )
    axes = figure.subplots(
        len(heights), columns, squeeze=False, height_ratios=heights, gridspec_kw=place
    )
    return figure, axes


def to_image(figure: Figure) -> np.ndarray:
    """Draw a figure: H x W x 3, uint8, R, G, B."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def to_png(figure: Figure) -> bytes:
    """Draw a figure as the content of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format='png')
    return file.getvalue()
