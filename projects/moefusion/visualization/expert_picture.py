"""What each local expert makes of a pair (paper, Fig. 6): its features, and the gate's weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

from moefusion.expert_kinds import expert_kinds
from moefusion.fusion import FusionNetwork, LocalMixture
from moefusion.visualization.fusion_picture import FusionPicture, show_images
from moefusion.visualization.grid import LINE, image_grid, to_image

WIDTH = 2.6  # of a column in inches


@contextmanager
def capture_experts(network: FusionNetwork) -> Iterator[dict[str, np.ndarray]]:
    """Run all experts of the local mixtures, chosen or not, whenever the network fuses.

    Args:
        network (FusionNetwork): in evaluation mode. What it fuses does not change.

    Yields:
        dict[str, np.ndarray]: by mixture (``local_foreground``, ``local_background``), for the last
        image that was fused: the mean size of each expert's features, E x H x W (cells of
        ``network.stride`` pixels), float32, 0 or more. Empty before, and without MoLE.

    Examples:
        >>> network = FusionNetwork(local_grid=(2, 2), global_grid=(2, 2)).eval()
        >>> with capture_experts(network) as maps:
        ...     _ = network(*torch.rand(2, 1, 1, 30, 40))
        >>> maps['local_background'].shape
        (4, 30, 40)
    """
    maps: dict[str, np.ndarray] = {}
    with ExitStack() as hooks:
        for region, mixture in network.local.items():
            if isinstance(mixture, LocalMixture):
                hook = partial(_record, maps, f'local_{region}')
                hooks.callback(mixture.register_forward_hook(hook).remove)
        yield maps


@torch.no_grad()
def _record(
    maps: dict[str, np.ndarray],
    name: str,
    mixture: LocalMixture,
    inputs: tuple[Any, ...],
    output: object,
) -> None:
    seen = mixture.expert_inputs(*(features[-1:] for features in inputs[:3]))
    found = [expert(each).abs().mean(dim=1) for expert, each in zip(mixture.experts, seen)]
    maps[name] = torch.cat(found).float().cpu().numpy()


def draw_experts(picture: FusionPicture, maps: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sources, attention and fused image of a pair; below, a row of experts for each mixture.

    The maps are those of :func:`capture_experts`; all of a mixture share one scale, from 0 to its
    99.5th percentile. The result is uint8, R, G, B.
    """
    columns = max([4, *(len(experts) for experts in maps.values())])
    ratio = min(max(picture.visible.shape[0] / picture.visible.shape[1], 0.3), 3)
    figure, axes = image_grid([ratio] * (1 + len(maps)), columns, WIDTH, above=LINE)
    for panel in axes.flat:
        panel.set_axis_off()
    show_images(axes[0], picture)
    for row, (name, experts) in zip(axes[1:], maps.items()):
        limit = max(float(np.percentile(experts, 99.5)), 1e-6)
        region, kinds = name.removeprefix('local_'), expert_kinds(name, len(experts))
        for number, (panel, features) in enumerate(zip(row, experts)):
            panel.imshow(features, cmap='viridis', vmin=0, vmax=limit)
            weight = f'{picture.gates[name][number]:.2f}'
            panel.set_title(f'{region} {number} ({kinds[number]}), weight {weight}', fontsize=9)
    return to_image(figure)
