"""Draws pairs as one picture: visible, infrared, attention, gates and fused side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from moefusion.expert_kinds import COLORS, expert_kinds
from moefusion.visualization.grid import to_image

if TYPE_CHECKING:
    from mmdet.structures import DetDataSample

WIDTH = 3.2  # of a column in inches, at 100 dots an inch


@dataclass
class FusionPicture:
    """What one row of the picture shows; images are uint8, those in colour R, G, B."""

    title: str  # the pair's name
    visible: np.ndarray  # H x W x 3
    infrared: np.ndarray  # H x W
    fused: np.ndarray  # H x W x 3 or H x W
    attention: np.ndarray  # H x W in [0, 1]
    gates: Mapping[str, np.ndarray]  # for each mixture the weights of its E experts


def fused_image(sample: DetDataSample, color: bool = True) -> np.ndarray:
    """The fused image of a prediction, as it is written to a file: rounded, never stretched.

    Args:
        sample (DetDataSample): what ``MoEFusion.predict`` returns of a pair.
        color (bool): whether it has the visible image's colour. Defaults to True.

    Returns:
        np.ndarray: uint8, H x W x 3 (R, G, B), or H x W without colour.
    """
    image = (sample.fused_color if color else sample.fused).data
    levels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return levels if color else levels[..., 0]


def fusion_picture(pair: Tensor, sample: DetDataSample) -> FusionPicture:
    """One row of :func:`draw_fusion` from ``MoEFusion``'s prediction for a pair.

    Args:
        pair (Tensor): as the loader packed it, 4 x H x W (B, G, R, infrared), 0 to 255.
        sample (DetDataSample): what ``MoEFusion.predict`` returns of it.
    """
    pixels = pair.cpu().to(torch.uint8).numpy()
    return FusionPicture(
        title=Path(sample.img_path).name,
        visible=pixels[2::-1].transpose(1, 2, 0),
        infrared=pixels[3],
        fused=fused_image(sample),
        attention=sample.attention.data[0].cpu().numpy(),
        gates={name: weights.cpu().numpy() for name, weights in sample.gates.items()},
    )


def draw_fusion(pictures: Sequence[FusionPicture]) -> np.ndarray:
    """Draw one row for each pair, at least one; the result is H x W x 3 (R, G, B), uint8."""
    ratios = [picture.visible.shape[0] / picture.visible.shape[1] for picture in pictures]
    heights = [WIDTH * min(max(ratio, 0.3), 3) + 0.35 for ratio in ratios]
    figure = Figure(figsize=(5 * WIDTH, sum(heights)), dpi=100, layout='constrained')
    axes = figure.subplots(len(pictures), 5, squeeze=False, height_ratios=heights)
    for row, picture in zip(axes, pictures):
        show_images([*row[:3], row[4]], picture, interpolation='nearest')
        _show_gates(row[3], picture.gates)
    return to_image(figure)


def show_images(panels: Iterable[Axes], picture: FusionPicture, **style: Any) -> None:
    """Draw the visible, infrared, attention and fused image of a pair into four panels."""
    gray: dict[str, Any] = dict(cmap='gray', vmin=0, vmax=255)
    shown: list[tuple[str, np.ndarray, dict[str, Any]]] = [
        (f'visible  ({picture.title})', picture.visible, {}),
        ('infrared', picture.infrared, gray),
        ('attention', picture.attention, dict(cmap='inferno', vmin=0, vmax=1)),
        ('fused', picture.fused, gray),
    ]
    for panel, (title, image, own) in zip(panels, shown):
        panel.imshow(image, **own, **style)
        panel.set_title(title, fontsize=9, parse_math=False)  # a file name may hold $
        panel.set_axis_off()


def _show_gates(axes: Axes, gates: Mapping[str, np.ndarray]) -> None:
    """One bar for each expert; local experts take the colour of the modality that they see."""
    position, ticks = 0, []
    for name, weights in gates.items():
        colors = [COLORS[kind] for kind in expert_kinds(name, len(weights))]
        axes.bar(np.arange(len(weights)) + position, weights, color=colors)
        ticks.append((position + (len(weights) - 1) / 2, name.removeprefix('local_')))
        position += len(weights) + 1
    axes.set_xticks([x for x, _ in ticks], [label for _, label in ticks], fontsize=8)
    axes.set_ylim(0, 1)
    axes.tick_params(axis='y', labelsize=7)
    axes.set_title('gates (green: visible, orange: infrared experts)', fontsize=9)
    axes.spines[['top', 'right']].set_visible(False)
