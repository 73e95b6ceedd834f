"""How evenly each gate used its experts over a training, and whether it decided, from its log."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from moefusion.expert_kinds import COLORS, expert_kinds
from moefusion.visualization.grid import to_png

SPREAD = '_spread'
WINDOW = 9  # entries of the log: the spread of one batch is a rough estimate
STYLES = ['-', '--', ':', '-.']
GLOBAL_COLORS = [COLORS['global'], '#9b5de5', '#222222', '#c9a227']


def read_gates(path: str | Path) -> pd.DataFrame:
    """Read what the gates did from MMEngine's log.

    Args:
        path (str | Path): a ``scalars.json``, or a work directory of one training. A resumed
            training wrote several logs; each replaces what earlier ones say from its start on.

    Returns:
        pd.DataFrame: a row for each entry, indexed by iteration; columns ``gates.*``.

    Raises:
        FileNotFoundError: if there is no log.
        ValueError: if no log holds gates.
    """
    path = Path(path)
    files = [path] if path.is_file() else sorted(path.glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(f'{path}: no */vis_data/scalars.json, which training writes')
    rows: dict[int, dict[str, float]] = {}
    for file in files:
        lines = file.read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.endswith('}')]  # not one half-written
        gates = [{key: row[key] for key in row if key.startswith('gates.')} for row in entries]
        # not those of validation
        found = {row.get('step', 0): each for row, each in zip(entries, gates) if each}
        first = min(found, default=np.inf)
        rows = {step: row for step, row in rows.items() if step < first} | found
    if not rows:
        raise ValueError(f'{path}: no gates.* in the log. Name the log of a training with gates')
    return pd.DataFrame.from_dict(rows, orient='index').sort_index()


def draw_load(log: pd.DataFrame, title: str) -> bytes:
    """A column for each gate: each expert's share of the weights, and the spread of the logits.

    The log is from :func:`read_gates`; one of an earlier version has the largest share alone. The
    result is a PNG file.
    """
    keys = [str(key).removeprefix('gates.') for key in log]
    names = [key.removesuffix(SPREAD) for key in keys if key.endswith(SPREAD)]
    names = names or [key for key in keys if not re.search(r'_\d+$', key)]
    figure = Figure((3.6 * len(names) + 0.4, 5), 110, layout='constrained')
    figure.suptitle(title, fontsize=11, parse_math=False)
    axes = figure.subplots(2, len(names), squeeze=False, sharex=True, sharey='row')
    for name, (upper, lower) in zip(names, axes.T):
        _draw_shares(upper, log, name)
        _draw_spread(lower, log, name)
    axes[0, 0].set_ylim(bottom=0)  # once all are drawn: it ends their scaling
    axes[0, 0].set_ylabel('share of the weights', fontsize=9)
    axes[1, 0].set_ylabel('spread of the logits / noise\n(below 1 chance decides)', fontsize=9)
    for panel in axes.flat:
        panel.spines[['top', 'right']].set_visible(False)
        panel.tick_params(labelsize=8)
    return to_png(figure)


def _draw_shares(axes: Axes, log: pd.DataFrame, name: str) -> None:
    keys = [key for key in map(str, log) if re.fullmatch(rf'gates\.{name}_\d+', key)]
    half = len(keys) // 2
    for number, (key, kind) in enumerate(zip(keys, expert_kinds(name, len(keys)))):
        if kind == 'global':
            style, label = STYLES[number // len(GLOBAL_COLORS) % len(STYLES)], str(number)
            color = GLOBAL_COLORS[number % len(GLOBAL_COLORS)]
        else:
            style, label = STYLES[number % half % len(STYLES)], f'{number} {kind}'
            color = COLORS[kind]
        axes.plot(log.index, log[key], style, color=color, label=label)
    if keys:
        axes.axhline(1 / len(keys), linewidth=0.8, color='0.7', zorder=0)
    else:
        axes.plot(log.index, log[f'gates.{name}'], color='black', label='largest')
    axes.set_title(name.replace('_', ' '), fontsize=10, loc='left')
    axes.legend(fontsize=7, frameon=False, ncols=2)


def _draw_spread(axes: Axes, log: pd.DataFrame, name: str) -> None:
    spread = log.get(f'gates.{name}{SPREAD}')
    axes.set_xlabel('iteration', fontsize=9)
    if spread is None:  # without noise there is none
        return
    axes.plot(spread.index, spread, '.', markersize=2, color='0.6')
    axes.plot(spread.rolling(WINDOW, 1, center=True).median(), color='black')
    axes.axhline(1, linewidth=0.8, color='0.7', zorder=0)
    axes.set_yscale('log')
    axes.yaxis.set_major_formatter('{x:g}')
