"""The infrared image's lead in the fused one where it shows more of the scene; not in the paper."""
from __future__ import annotations

import math

from torch import Tensor, nn

from ..losses.gradient import sobel_gradient


class InfraredLead(nn.Module):
    """How much of each fused image the infrared one takes over, from how often its edges win.

    With w the share of pixels whose Sobel gradient is larger in the infrared image, those that
    follow it in equation 9, the lead is a logistic curve in ``logit(w)``. w is high at night, when
    the visible image shows little but lamps, but also by day where the infrared image is full of
    fine edges. There is nothing to learn.

    Args:
        middle (float): The w, between 0 and 1, at which the lead is half of ``share``. Defaults to
            0.6.
        steepness (float): Slope of the curve over ``logit(w)``, above 0. Defaults to 12.
        share (float): The largest lead, from 0 to 1. Defaults to 0.7.

    Raises:
        ValueError: if an option is out of its range.
    """

    def __init__(self, middle: float = 0.6, steepness: float = 12., share: float = 0.7) -> None:
        super().__init__()
        if not (0 < middle < 1 and steepness > 0 and 0 <= share <= 1):
            raise ValueError(
                'infrared_lead: middle must be between 0 and 1, steepness above 0 and share from 0 '
                f'to 1, but are {middle}, {steepness} and {share}')
        self.middle, self.steepness, self.share = middle, steepness, share

    def forward(self, visible: Tensor, infrared: Tensor) -> Tensor:
        """The lead in each image of a batch.

        Args:
            visible (Tensor): I_V, N x 1 x H x W in [0, 1].
            infrared (Tensor): I_I, the same shape and range.

        Returns:
            Tensor: N x 1 x 1 x 1, float32, from 0 to ``share``.
        """
        wins = sobel_gradient(infrared) > sobel_gradient(visible)
        wins = wins.float().mean(dim=(1, 2, 3), keepdim=True)
        level = math.log(self.middle / (1 - self.middle))
        return self.share * (self.steepness * (wins.logit(1e-4) - level)).sigmoid()

    def extra_repr(self) -> str:
        return f'middle={self.middle}, steepness={self.steepness}, share={self.share}'
