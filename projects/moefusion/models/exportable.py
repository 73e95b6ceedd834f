"""The steps of fusing one pair, whole or strip by strip, as functions of tensors: for export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from moefusion.fusion.gate import Gating
from moefusion.fusion.pooling import strip_means
from moefusion.models.moe_fusion import MoEFusion
from moefusion.models.one_pair import attend, to_gray, to_images


class ExportedStep(nn.Module):
    """One step, on a pair or on a strip of it: rows and their halo, from an even row on.

    Arguments and outputs by name:

    - ``visible``, ``infrared``: H x W x 3 (R, G, B) and H x W, uint8.
    - ``share``, ``previous``: for a frame of a video, what it adds to the average of the gates'
      logits over time (:class:`NoisyTopKGate`), one number, and the frame before's ``logits``.
      With a share of 1 there is no average.
    - ``prior`` or ``attention``: the merged attention, H x W in [0, 1].
    - ``window``: four numbers of rows, counted in cells: where the strip and its halo begin, where
      the strip alone begins and ends, and how high the whole image is.
    - ``means``, ``new_means``: the gates' inputs as far as the strips so far fill them, in a row.
    - ``chosen``: all gates' weights in a row; 0 for gates yet to decide.
    - ``fused``: H x W in [0, 1]; ``color``: the same in colour, H x W x 3, uint8.
    - ``logits``: of the gates that decide, in a row, averaged; and each such gate's weights.

    Args:
        model (MoEFusion): trained; it is put into evaluation mode.

    Attributes:
        outputs (tuple[str, ...]): names of what it returns.
    """

    outputs: tuple[str, ...]

    def __init__(self, model: MoEFusion) -> None:
        super().__init__()
        self.model = model.eval()
        self.network = model.fusion
        self.gates = model.fusion.gates()

    def cells(
        self, visible: Tensor, infrared: Tensor, prior: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Gray visible, infrared and attention in cells, each 1 x C x h x w."""
        heat = infrared[None, None].float() / 255
        return self.network.to_cells(to_gray(visible), heat, prior[None, None])

    def shown(self, fused: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's cells as ``fused`` and ``color``."""
        height, width, _ = visible.shape
        pixels = nn.functional.pixel_shuffle(fused, self.network.stride)[..., :height, :width]
        return to_images(pixels, visible)

    def features(
        self, visible: Tensor, infrared: Tensor, prior: Tensor, chosen: Tensor
    ) -> tuple[Tensor, dict[str, Gating]]:
        """x_f of the strip, and the decisions that ``chosen`` are."""
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
            means (Tensor): before this strip.

        Returns:
            tuple[Tensor, ...]: ``new_means``, ``logits``, each gate's weights.
        """
        parts = [
            strip_means(part, self.gates[name].grid, window.unbind())
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

    @contextmanager
    def averaging(self, share: Tensor, previous: Tensor) -> Iterator[None]:
        """Meanwhile the gates choose by averaged logits."""
        sizes = [gate.num_experts for gate in self.gates.values()]
        for gate, part in zip(self.gates.values(), previous[None].split(sizes, dim=1)):
            gate.average = part, share
        try:
            yield
        finally:
            for gate in self.gates.values():
                gate.average = None


class Attend(ExportedStep):
    """The merged attention of a whole pair."""

    outputs = ('attention',)

    def forward(self, visible: Tensor, infrared: Tensor) -> tuple[Tensor, ...]:
        """``attention``."""
        return (attend(self.model, visible, infrared),)


class Whole(ExportedStep):
    """All of the network on a whole pair."""

    def __init__(self, model: MoEFusion) -> None:
        super().__init__(model)
        self.outputs = ('fused', 'color', 'logits', *self.gates)

    def forward(
        self, visible: Tensor, infrared: Tensor, share: Tensor, previous: Tensor, prior: Tensor
    ) -> tuple[Tensor, ...]:
        """Fused images, logits and gates' weights."""
        with self.averaging(share, previous):
            cells = self.cells(visible, infrared, prior)
            x_f, gatings = self.network.fusion_features(*cells, {})
            fused, gatings['global'] = self.network.decoder(x_f)
        chosen = [gatings[name] for name in self.gates]
        logits = torch.cat([fused.new_empty(0), *(gating.logits[0] for gating in chosen)])
        return *self.shown(fused, visible), logits, *(gating.weights[0] for gating in chosen)


class LocalStep(ExportedStep):
    """The first round: what the local gates see."""

    def __init__(self, model: MoEFusion) -> None:
        super().__init__(model)
        self.local = [name for name in self.gates if name != 'global']
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
        """As :meth:`ExportedStep.decide`."""
        *images, attention = self.cells(visible, infrared, prior)
        encoded = (
            self.network.visible_encoder(images[0])[-1],
            self.network.infrared_encoder(images[1])[-1],
        )
        sums = {}
        for name in self.local:
            weight = self.network.prior(name.removeprefix('local_'), attention)
            sums[name] = [part * weight for part in encoded]
        with self.averaging(share, previous):
            return self.decide(sums, window, means)


class GlobalStep(ExportedStep):
    """The second round: what the global gate sees."""

    outputs = ('new_means', 'logits', 'global')

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
        """As :meth:`ExportedStep.decide`; of ``chosen`` the local ones are known."""
        x_f, _ = self.features(visible, infrared, prior, chosen)
        with self.averaging(share, previous):
            return self.decide({'global': [x_f]}, window, means)


class FuseStep(ExportedStep):
    """The last round: the images."""

    outputs = ('fused', 'color')

    def forward(
        self, visible: Tensor, infrared: Tensor, prior: Tensor, chosen: Tensor
    ) -> tuple[Tensor, ...]:
        """``fused`` and ``color`` of the strip with its halo."""
        x_f, decided = self.features(visible, infrared, prior, chosen)
        fused, _ = self.network.decoder(x_f, gating=decided.get('global'))
        return self.shown(fused, visible)
