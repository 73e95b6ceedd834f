"""Fuses images of any size within fixed memory: gates see the whole, experts run on strips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.gate import Gating
from moefusion.fusion.pooling import strip_means
from moefusion.windows import CELLS, Window, windows

if TYPE_CHECKING:
    from moefusion.fusion.mixture import LocalMixture
    from moefusion.fusion.network import FusionNetwork


def fuse_in_strips(
    network: FusionNetwork,
    visible: Tensor,
    infrared: Tensor,
    attention: Tensor,
    given: Mapping[str, Gating],
    cells: int = CELLS,
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
    halo = reach(network)
    strips = windows(height, width, halo, cells)

    def cut(strip: Window) -> tuple[Tensor, Tensor, Tensor]:
        rows = strip.outer(halo, step)
        return network.to_cells(*(image[..., rows, :] for image in (visible, infrared, attention)))

    def features(strip: Window) -> Tensor:  # no name may hold one while the next is made
        return network.fusion_features(*cut(strip), decided)[0]

    decided = dict(given)
    gates = network.gates()
    local = [name for name in gates if name != 'global']
    if not set(local) <= decided.keys():
        parts = [_local_means(network, strip, *cut(strip)) for strip in strips]
        for name, means in zip(local, zip(*parts)):
            decided.setdefault(name, gates[name].decide(torch.stack(means).sum(dim=0)))
    if 'global' in gates and 'global' not in decided:
        grid = gates['global'].grid
        seen = torch.stack([strip_means(features(strip), grid, strip) for strip in strips])
        decided['global'] = gates['global'].decide(seen.sum(dim=0))
    fused = visible.new_empty(len(visible), 1, height * step, width * step)
    for strip in strips:
        decoded, decided['global'] = network.decoder(features(strip), decided.get('global'))
        pixels = F.pixel_shuffle(decoded, step)[..., strip.inner(step), :]
        fused[..., strip.start * step : strip.stop * step, :] = pixels
    return fused[..., : visible.shape[-2], : visible.shape[-1]], decided


def _local_means(
    network: FusionNetwork, strip: Window, visible: Tensor, infrared: Tensor, attention: Tensor
) -> list[Tensor]:
    """What a strip adds to the input of each local gate."""
    encoded = (network.visible_encoder(visible)[-1], network.infrared_encoder(infrared)[-1])
    means = []
    for region, mixture in network.local.items():
        prior = network.prior(region, attention)
        grid = cast('LocalMixture', mixture).gate.grid
        means.append(torch.cat([strip_means(part * prior, grid, strip) for part in encoded], dim=1))
    return means


def reach(network: FusionNetwork) -> int:
    """How many rows of cells further than itself a row of the output looks, on either side."""
    local = [getattr(part, 'experts', [part])[0] for part in network.local.values()][:1]
    paths = network.visible_encoder, *local, network.decoder.experts[0]
    modules = [module for path in paths for module in path.modules()]
    return sum(int(m.kernel_size[0]) // 2 for m in modules if isinstance(m, nn.Conv2d))
