"""What the fusion network hands out."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from moefusion.fusion.gate import Gating


@dataclass
class FusionOutput:
    """What the fusion network makes of a batch.

    Attributes:
        fused (Tensor): I_F, N x 1 x H x W; about [0, 1], clip it before you show or store it.
        attention (Tensor): Att, N x 1 x H x W in [0, 1].
        gatings (dict[str, Gating]): of ``local_foreground``, ``local_background`` (where there are
            such mixtures) and ``global``.
    """

    fused: Tensor
    attention: Tensor
    gatings: dict[str, Gating]

    def row(self, number: int) -> FusionOutput:
        """What became of one image of the batch."""
        rows = slice(number, number + 1)
        gatings = {name: gating.row(number) for name, gating in self.gatings.items()}
        return FusionOutput(self.fused[rows], self.attention[rows], gatings)
