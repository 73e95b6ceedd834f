"""The steps of fusing, whole or strip by strip, as functions of tensors: what is exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from moefusion.fusion.gate import Gating
from moefusion.fusion.pooling import cell_shares
from moefusion.image import rgb_to_gray
from moefusion.models.exportable import ExportableFusion


class Attend(nn.Module):
    """The merged attention map of a whole pair.

    Args:
        exportable (ExportableFusion): what the steps are of.

    Attributes:
        outputs (tuple[str, ...]): names of what it returns.
    """

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__()
        self.exportable = exportable
        self.outputs = ('attention',)

    def forward(self, visible: Tensor, infrared: Tensor) -> tuple[Tensor, ...]:
        """H x W in [0, 1] from H x W x 3 and H x W, uint8."""
        maps = self.exportable.attend(visible, infrared)
        return (self.exportable.model.fusion.attention_merge(*maps)[0, 0],)


class StripStep(nn.Module):
    """One step on a strip: rows of the pair and their halo, from an even row on.

    The ``window`` are four numbers of rows, counted in cells: where the strip and its halo begin,
    where the strip alone begins and ends, and how high the whole image is.

    Args:
        exportable (ExportableFusion): what the steps are of.

    Attributes:
        outputs (tuple[str, ...]): names of what it returns.
    """

    outputs: tuple[str, ...]

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__()
        self.exportable = exportable
        self.network = exportable.model.fusion
        self.gates = exportable.gates
        self.local = [name for name in self.gates if name != 'global']

    def cells(self, visible: Tensor, infrared: Tensor, prior: Tensor) -> tuple[Tensor, ...]:
        """Gray visible, infrared and attention in cells, each 1 x C x h x w."""
        gray = rgb_to_gray(visible.permute(2, 0, 1)[None].float()) / 255
        attention = self.network.to_cells(prior[None, None]).mean(dim=1, keepdim=True)
        heat = infrared[None, None].float() / 255
        return self.network.to_cells(gray), self.network.to_cells(heat), attention

    def shown(self, fused: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's cells as images, H x W in [0, 1] and H x W x 3, uint8."""
        height, width, _ = visible.shape
        pixels = nn.functional.pixel_shuffle(fused, self.network.stride)[..., :height, :width]
        return self.exportable.shown(pixels, visible)

    def features(
        self, visible: Tensor, infrared: Tensor, prior: Tensor, chosen: Tensor
    ) -> tuple[Tensor, dict[str, Gating]]:
        """x_f of the strip, and the decisions that ``chosen``, all gates' weights, are."""
        sizes, decided = [gate.num_experts for gate in self.gates.values()], {}
        for (name, gate), weights in zip(self.gates.items(), chosen[None].split(sizes, dim=1)):
            index = weights.topk(gate.top_k, dim=1).indices
            decided[name] = Gating(weights, weights, index, weights)
        x_f, _ = self.network.fusion_features(*self.cells(visible, infrared, prior), decided)
        return x_f, decided

    def decide(
        self, sums: dict[str, list[Tensor]], window: Tensor, means: Tensor
    ) -> tuple[Tensor, ...]:
        """What gates decide by the means so far.

        Args:
            sums (dict[str, list[Tensor]]): by the gates' names, features to be averaged.
            window (Tensor): of the strip.
            means (Tensor): those gates' inputs as far as earlier strips fill them, in a row.

        Returns:
            tuple[Tensor, ...]: ``means`` with this strip, logits in a row, each gate's weights.
        """
        parts = [
            _strip_means(part, window, self.gates[name].grid)
            for name, features in sums.items()
            for part in features
        ]
        means = means + torch.cat([part.flatten() for part in parts])
        sizes = [self.gates[name].weight.shape[0] for name in sums]
        gatings = [
            self.gates[name].decide(part.view(1, -1, *self.gates[name].grid))
            for name, part in zip(sums, means.split(sizes))
        ]
        logits = torch.cat([gating.logits[0] for gating in gatings])
        return means, logits, *(gating.weights[0] for gating in gatings)


class Whole(StripStep):
    """All of the network on a whole pair."""

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__(exportable)
        self.outputs = ('fused', 'color', 'logits', *self.gates)

    def forward(
        self, visible: Tensor, infrared: Tensor, share: Tensor, previous: Tensor, prior: Tensor
    ) -> tuple[Tensor, ...]:
        """As :class:`ExportableFusion`, by the merged attention, H x W in [0, 1]."""
        with self.exportable.averaging(share, previous):
            cells = self.cells(visible, infrared, prior)
            x_f, gatings = self.network.fusion_features(*cells, {})
            fused, gatings['global'] = self.network.decoder(x_f)
        chosen = [gatings[name] for name in self.gates]
        logits = torch.cat([fused.new_empty(0), *(gating.logits[0] for gating in chosen)])
        return *self.shown(fused, visible), logits, *(gating.weights[0] for gating in chosen)


class LocalStep(StripStep):
    """The first round: what the local gates see."""

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__(exportable)
        self.outputs = ('new_means', 'logits', *self.local)

    def forward(
        self,
        visible: Tensor,
        infrared: Tensor,
        share: Tensor,
        previous: Tensor,
        prior: Tensor,
        window: Tensor,
        means: Tensor,
    ) -> tuple[Tensor, ...]:
        """As :meth:`StripStep.decide` returns; all arguments but images are named there."""
        *images, attention = self.cells(visible, infrared, prior)
        encoded = (
            self.network.visible_encoder(images[0])[-1],
            self.network.infrared_encoder(images[1])[-1],
        )
        sums = {}
        for name in self.local:
            weight = self.network.prior(name.removeprefix('local_'), attention)
            sums[name] = [part * weight for part in encoded]
        with self.exportable.averaging(share, previous):
            return self.decide(sums, window, means)


class GlobalStep(StripStep):
    """The second round: what the global gate sees."""

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__(exportable)
        self.outputs = ('new_means', 'logits', 'global')

    def forward(
        self,
        visible: Tensor,
        infrared: Tensor,
        share: Tensor,
        previous: Tensor,
        prior: Tensor,
        window: Tensor,
        means: Tensor,
        chosen: Tensor,
    ) -> tuple[Tensor, ...]:
        """As :meth:`StripStep.decide`; ``chosen`` are all gates' weights, the local ones known."""
        x_f, _ = self.features(visible, infrared, prior, chosen)
        with self.exportable.averaging(share, previous):
            return self.decide({'global': [x_f]}, window, means)


class FuseStep(StripStep):
    """The last round: the images."""

    def __init__(self, exportable: ExportableFusion) -> None:
        super().__init__(exportable)
        self.outputs = ('fused', 'color')

    def forward(
        self, visible: Tensor, infrared: Tensor, prior: Tensor, chosen: Tensor
    ) -> tuple[Tensor, ...]:
        """The strip with its halo: h x W in [0, 1], and h x W x 3, uint8."""
        x_f, decided = self.features(visible, infrared, prior, chosen)
        fused, _ = self.network.decoder(x_f, gating=decided.get('global'))
        return self.shown(fused, visible)


def _strip_means(features: Tensor, window: Tensor, grid: tuple[int, int]) -> Tensor:
    """What a strip adds to the whole image's means over a grid, 1 x C x rows x columns."""
    first, start, stop, height = window.unbind()
    rows, columns = features.shape[-2:]
    place = torch.arange(rows) + first
    shares = cell_shares(rows, grid[0], first, height) * ((place >= start) & (place < stop))
    return shares @ features @ cell_shares(columns, grid[1]).T
