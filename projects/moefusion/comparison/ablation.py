"""The table and the figure of a family of ablations, over the seeds of their trainings."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from moefusion.comparison.tables import MARKDOWN_MARKS, mark_best, markdown_rows
from moefusion.visualization.grid import to_png

DIGITS = 4


def ablation_table(scores: pd.DataFrame, title: str) -> str:
    """Mean and spread of each metric, the best three means of a column marked, in Markdown.

    Args:
        scores (pd.DataFrame): a row for each training: ``name``, ``seed``, then a column for each
            metric, where higher is better.
        title (str): heading.

    Returns:
        str: a row for each name, in the order of ``scores``.
    """
    groups = scores.drop(columns='seed').groupby('name', sort=False)
    means, spreads = groups.mean().round(DIGITS), groups.std()
    ranks = means.rank(method='dense', ascending=False)
    cells = mark_best(means.map(f'{{:.{DIGITS}f}}'.format), ranks, MARKDOWN_MARKS)
    several = scores['seed'].nunique() > 1
    if several:
        cells = cells + spreads.map(f' ± {{:.{DIGITS}f}}'.format).where(spreads.notna(), '')
    cells = cells.where(means.notna(), '-')
    cells.insert(0, 'trainings', groups.size())
    rows = markdown_rows(cells.reset_index(), len(cells.columns))
    notes = '**first**, <u>second</u>, *third*; higher is better.'
    if several:
        notes += ' Mean ± standard deviation over the seeds.'
    return '\n'.join([f'### {title}', '', *rows, '', notes, ''])


def draw_ablation(scores: pd.DataFrame, title: str) -> bytes:
    """A panel for each metric (paper, Figs. 7 and 8): a dot for each training, a bar for the mean.

    Args:
        scores (pd.DataFrame): as for :func:`ablation_table`. A dashed line continues the first
            name's mean, with which the others are compared.
        title (str): heading.

    Returns:
        bytes: a PNG image.
    """
    means = scores.drop(columns='seed').groupby('name', sort=False).mean()
    places = scores['name'].map({name: place for place, name in enumerate(means.index)})
    rows = -(-len(means.columns) // 4)
    figure = Figure((12, 2.8 * rows + 0.6), 110, layout='constrained')
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(rows, 4, squeeze=False).flat
    for metric, axes in zip(means, panels):
        axes.scatter(places, scores[metric], s=16, alpha=0.6, zorder=3)
        axes.scatter(range(len(means)), means[metric], s=300, marker='_', color='black')
        axes.axhline(means[metric].iloc[0], linestyle='--', linewidth=0.8, color='0.6')
        axes.set_xticks(range(len(means)), means.index, rotation=40, ha='right', fontsize=8)
        axes.set_xlim(-0.5, len(means) - 0.5)
        axes.set_title(metric, fontsize=10, loc='left')
        axes.tick_params(axis='y', labelsize=8)
        axes.spines[['top', 'right']].set_visible(False)
    for axes in panels:  # of the last row, without a metric
        axes.set_axis_off()
    return to_png(figure)
