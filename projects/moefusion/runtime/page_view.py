"""What the page of ``moefusion demo`` shows of a fused pair: image files and HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from moefusion.expert_kinds import COLORS, expert_kinds
from moefusion.files import write_image
from moefusion.runtime.result import FusionResult

SIDES = 'visible', 'infrared'
CSS = """
.bars {display: flex; gap: 1.5em; font-variant-numeric: tabular-nums}
.bars > div {flex: 1}
.bar {display: grid; grid-template-columns: 5.5em 1fr 2.5em; gap: .5em; align-items: center}
.bar div {height: .7em; border-radius: 2px}
"""


def write_images(result: FusionResult, folder: Path) -> list[str]:
    """Write PNG files of the visible, infrared, colour, gray and attention image; return paths."""
    heat = np.round(result.attention * 255).astype(np.uint8)
    images = [
        ('visible', result.visible[..., ::-1]),
        ('infrared', result.infrared),
        (result.name, result.color[..., ::-1]),
        (f'{result.name}_gray', result.gray),
        ('attention', cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO)),
    ]
    paths = [folder / str(number) / f'{name}.png' for number, (name, _) in enumerate(images)]
    for path, (_, image) in zip(paths, images):
        write_image(path, image)
    return [str(path) for path in paths]


def show_gates(gates: Mapping[str, np.ndarray]) -> str:
    """One bar for each expert; local experts are named for the image that they see."""
    columns = []
    for gate, weights in gates.items():
        rows = [f'<b>{gate.removeprefix("local_")}</b>']
        kinds = expert_kinds(gate, len(weights))
        for number, (kind, weight) in enumerate(zip(kinds, weights), 1):
            style = f'background: linear-gradient(90deg, {COLORS[kind]} {weight:.1%}, #8883 0)'
            rows.append(
                f'<div class="bar"><span>{kind} {number}</span><div style="{style}"></div>'
                f'<span>{weight:.2f}</span></div>'
            )
        columns.append(f'<div>{"".join(rows)}</div>')
    return f'Weights of the experts, by mixture<div class="bars">{"".join(columns)}</div>'


def show_metrics(result: FusionResult) -> str:
    """The eight metrics, or why there are none."""
    try:
        scores = result.score('this pair')
    except (ImportError, ValueError) as error:
        return html.escape(str(error))
    columns = ''.join(f'<div><b>{name}</b><br>{value:.3g}</div>' for name, value in scores.items())
    return f'Metrics of the gray image, higher is better<div class="bars">{columns}</div>'
