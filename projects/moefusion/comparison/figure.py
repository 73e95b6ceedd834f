"""Draws how each metric is distributed over the images, method by method."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from moefusion.metrics import METRIC_NAMES


def draw_distributions(scores: Mapping[str, Mapping[str, Sequence[float]]], title: str) -> bytes:
    """Draw a box for each method and metric, with a dot for each image and a diamond for the mean.

    Args:
        scores (Mapping): Values of the images by method, then by metric; ``nan`` is not drawn.
        title (str): Heading.

    Returns:
        bytes: A PNG image.
    """
    methods = list(scores)
    colors = colormaps['tab10'].colors
    height = 1.0 + 2 * (0.8 + 0.28 * len(methods))
    figure = Figure(figsize=(12, height), layout='constrained', dpi=130)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    jitter = np.random.default_rng(0)
    for axes, metric in zip(figure.subplots(2, 4, sharey=True).flat, METRIC_NAMES):
        values = [
            [value for value in scores[method][metric] if not math.isnan(value)]
            for method in methods
        ]
        rows = np.arange(len(methods))
        axes.boxplot(
            values,
            positions=rows,
            orientation='horizontal',
            widths=0.6,
            showfliers=False,
            showmeans=True,
            medianprops=dict(color='black'),
            boxprops=dict(color='0.35'),
            whiskerprops=dict(color='0.35'),
            capprops=dict(color='0.35'),
            manage_ticks=False,
            meanprops=dict(
                marker='D', markerfacecolor='white', markeredgecolor='black', markersize=5, zorder=4
            ),
        )
        for row, dots in zip(rows, values):
            axes.scatter(
                dots,
                row + jitter.uniform(-0.2, 0.2, len(dots)),
                s=10,
                alpha=0.5,
                color=colors[row % len(colors)],
                linewidths=0,
                zorder=3,
            )
        axes.set_title(f'{metric}  \N{RIGHTWARDS ARROW}', fontsize=10, loc='left')
        axes.set_yticks(rows, methods)
        axes.set_ylim(len(methods) - 0.4, -0.6)
        axes.grid(axis='x', color='0.9')
        axes.set_axisbelow(True)
        axes.spines[['top', 'right']].set_visible(False)
        axes.tick_params(labelsize=8, length=0, axis='y')
        axes.tick_params(labelsize=8, axis='x')
    figure.supxlabel(
        'dot: image, box: quartiles and median, diamond: mean; further right is better',
        fontsize=8,
        color='0.35',
    )
    file = io.BytesIO()
    figure.savefig(file, format='png')
    return file.getvalue()
