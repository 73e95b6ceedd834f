"""Fuses images of any size within fixed memory: gates see the whole, experts run on strips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.gate import Gating
from moefusion.fusion.pooling import cell_shares

if TYPE_CHECKING:
    from moefusion.fusion.mixture import LocalMixture
    from moefusion.fusion.network import FusionNetwork

STRIP = 1 << 17  # cells of a strip, without its halo


@dataclass(frozen=True)
class _Strip:
    """Rows ``start`` to ``stop`` of the ``height`` of an image, ``reach`` more on both sides."""

    start: int
    stop: int
    height: int
    reach: int

    def cut(self, image: Tensor, scale: int) -> Tensor:
        """The strip and its halo; ``scale`` rows of ``image`` are one row here."""
        first, last = max(self.start - self.reach, 0), self.stop + self.reach
        return image[..., first * scale : last * scale, :]

    def inner(self, features: Tensor, scale: int = 1) -> Tensor:
        """The strip without its halo."""
        first = min(self.start, self.reach) * scale
        return features[..., first : first + (self.stop - self.start) * scale, :]

    def means(self, features: list[Tensor], grid: tuple[int, int]) -> Tensor:
        """What the strip adds to the whole image's means over a grid, in float32."""
        device = features[0].device
        rows = cell_shares(self.height, grid[0])[:, self.start : self.stop].to(device)
        columns = cell_shares(features[0].shape[-1], grid[1]).to(device)
        with torch.autocast(device.type, enabled=False):
            means = [rows @ self.inner(part).float() @ columns.T for part in features]
        return torch.cat(means, dim=1)


def fuse_in_strips(
    network: FusionNetwork,
    visible: Tensor,
    infrared: Tensor,
    attention: Tensor,
    given: Mapping[str, Gating],
    cells: int = STRIP,
) -> tuple[Tensor, dict[str, Gating]]:
    """Fuse strip by strip, with the result of the whole.

    Three rounds: the local gates' pooled features, the global gate's, the images. A strip sees as
    many rows more as the network reaches, so there is no seam to hide.

    Args:
        network (FusionNetwork): in evaluation mode.
        visible (Tensor): gray, N x 1 x H x W in [0, 1].
        infrared (Tensor): the same shape and range.
        attention (Tensor): the merged map, likewise.
        given (Mapping[str, Gating]): decisions to use in place of the gates' own.
        cells (int): about how many cells (pixels where ``stride`` is 1) a strip has.

    Returns:
        tuple[Tensor, dict[str, Gating]]: the fused images, N x 1 x H x W, and the decisions.
    """
    step = network.stride
    height, width = (-(-size // step) for size in visible.shape[-2:])
    rows, halo = max(cells // width, 1), reach(network)
    strips = [
        _Strip(start, min(start + rows, height), height, halo) for start in range(0, height, rows)
    ]

    def cut(strip: _Strip) -> tuple[Tensor, Tensor, Tensor]:
        cells = [
            network.to_cells(strip.cut(image, step)) for image in (visible, infrared, attention)
        ]
        return cells[0], cells[1], cells[2].mean(dim=1, keepdim=True)

    def features(strip: _Strip) -> Tensor:  # no name may hold one while the next is made
        return network.fusion_features(*cut(strip), decided)[0]

    decided = dict(given)
    gates = network.gates()
    local = [name for name in gates if name != 'global']
    if not set(local) <= decided.keys():
        sums = _sum([_local_means(network, strip, *cut(strip)) for strip in strips])
        for name, means in zip(local, sums):
            decided.setdefault(name, gates[name].decide(means))
    if 'global' in gates and 'global' not in decided:
        grid = gates['global'].grid
        (means,) = _sum([[strip.means([features(strip)], grid)] for strip in strips])
        decided['global'] = gates['global'].decide(means)
    fused = visible.new_empty(len(visible), 1, height * step, width * step)
    for strip in strips:
        decoded, decided['global'] = network.decoder(features(strip), decided.get('global'))
        pixels = strip.inner(F.pixel_shuffle(decoded, step), step)
        fused[..., strip.start * step : strip.stop * step, :] = pixels
    return fused[..., : visible.shape[-2], : visible.shape[-1]], decided


def _local_means(
    network: FusionNetwork, strip: _Strip, visible: Tensor, infrared: Tensor, attention: Tensor
) -> list[Tensor]:
    """What a strip adds to the input of each local gate."""
    encoded = (network.visible_encoder(visible)[-1], network.infrared_encoder(infrared)[-1])
    means = []
    for region, part in network.local.items():
        prior = network.prior(region, attention)
        grid = cast('LocalMixture', part).gate.grid
        means.append(strip.means([features * prior for features in encoded], grid))
    return means


def _sum(rows: list[list[Tensor]]) -> list[Tensor]:
    return [torch.stack(column).sum(dim=0) for column in zip(*rows)]


def reach(network: FusionNetwork) -> int:
    """How many rows of cells further than itself a row of the output looks, on either side."""
    local = [getattr(part, 'experts', [part])[0] for part in network.local.values()][:1]
    paths = network.visible_encoder, *local, network.decoder.experts[0]
    modules = [module for path in paths for module in path.modules()]
    return sum(int(m.kernel_size[0]) // 2 for m in modules if isinstance(m, nn.Conv2d))
