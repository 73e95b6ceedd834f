"""Draws how each metric is distributed over the images, method by method."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from moefusion.metrics import METRIC_NAMES
from moefusion.visualization.grid import to_png

MEAN = dict(marker='D', markerfacecolor='white', markeredgecolor='black', markersize=5, zorder=4)


def draw_distributions(scores: pd.DataFrame, title: str) -> bytes:
    """Draw a box for each method and metric, with a dot for each image and a diamond for the mean.

    Args:
        scores (pd.DataFrame): a row for each method and image, with the column ``method`` and one
            for each of the eight metrics; ``nan`` is not drawn.
        title (str): heading.

    Returns:
        bytes: a PNG image.
    """
    methods = dict(list(scores.groupby('method', sort=False)))
    places = np.arange(len(methods))
    figure = Figure((12, 1.0 + 2 * (0.8 + 0.28 * len(methods))), 130, layout='constrained')
    figure.suptitle(title, fontsize=11)
    jitter = np.random.default_rng(0)
    for axes, metric in zip(figure.subplots(2, 4, sharey=True).flat, METRIC_NAMES):
        values = [rows[metric].dropna() for rows in methods.values()]
        gray = dict(color='0.35')
        axes.boxplot(
            values,
            positions=places,
            orientation='horizontal',
            widths=0.6,
            showfliers=False,
            showmeans=True,
            manage_ticks=False,
            medianprops=dict(color='black'),
            boxprops=gray,
            whiskerprops=gray,
            capprops=gray,
            meanprops=MEAN,
        )
        for place, dots in zip(places, values):
            heights = place + jitter.uniform(-0.2, 0.2, len(dots))
            axes.scatter(dots, heights, s=10, alpha=0.5, color=f'C{place}', linewidths=0, zorder=3)
        axes.set_title(f'{metric}  \N{RIGHTWARDS ARROW}', fontsize=10, loc='left')
        axes.set_yticks(places, list(methods), parse_math=False)  # a name may hold $
        axes.set_ylim(len(methods) - 0.4, -0.6)
        axes.grid(axis='x', color='0.9')
        axes.set_axisbelow(True)
        axes.spines[['top', 'right']].set_visible(False)
        axes.tick_params(labelsize=8, length=0, axis='y')
        axes.tick_params(labelsize=8, axis='x')
    text = 'dot: image, box: quartiles and median, diamond: mean; further right is better'
    figure.supxlabel(text, fontsize=8, color='0.35')
    return to_png(figure)
