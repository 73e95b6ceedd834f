"""The infrared image's lead in the fused one where it shows more of the scene; not in the paper."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..losses.gradient import sobel_gradient

# It is day where the visible image is brighter than the infrared one by more than DAY_DIFFERENCE,
# as a sky is, in more than DAY_MIDDLE of the pixels; DAY_STEEPNESS is the curve's over their odds.
DAY_DIFFERENCE, DAY_MIDDLE, DAY_STEEPNESS = 0.4, 0.12, 8.


class InfraredLead(nn.Module):
    """How much of each fused image the infrared one takes over, from how often its edges win.

    With w the share of pixels whose Sobel gradient is larger in the infrared image, those that
    follow it in equation 9, the lead is ``share`` times a logistic curve in ``logit(w)``. w is high
    at night, when the visible image shows little but lamps, but also by day where the infrared
    image is full of fine edges. By day the lead is smaller off objects, so that the visible image's
    sky, signs and road marks stay: ``day_share`` where the attention is 0, ``share`` where it is 1.
    It is day to the degree given by a logistic curve in the logit of d, the share of pixels in
    which the visible image is brighter than the infrared one by more than 0.4; half at d = 0.12.
    There is nothing to learn.

    The infrared image has no colour: with ``fade_color`` what it takes over by night takes as much
    off the visible image's chroma there, which is mostly the cast of lamps. By day all of it stays.

    Args:
        middle (float): The w, between 0 and 1, at which the lead is half of ``share``. Defaults to
            0.6.
        steepness (float): Slope of the curve over ``logit(w)``, above 0. Defaults to 12.
        share (float): The largest lead, from 0 to 1. Defaults to 0.7.
        day_share (float, optional): The largest lead off objects by day, from 0 to 1. Defaults to
            ``share``.
        fade_color (bool): Whether a night's lead takes off chroma. Defaults to False.

    Raises:
        ValueError: if an option is out of its range.
    """

    def __init__(self, middle: float = 0.6, steepness: float = 12., share: float = 0.7,
                 day_share: float | None = None, fade_color: bool = False) -> None:
        super().__init__()
        day_share = share if day_share is None else day_share
        if not (0 < middle < 1 and steepness > 0 and 0 <= share <= 1 and 0 <= day_share <= 1):
            raise ValueError(
                'infrared_lead: middle must be between 0 and 1, steepness above 0, share and '
                f'day_share from 0 to 1, but are {middle}, {steepness}, {share} and {day_share}')
        self.middle, self.steepness = middle, steepness
        self.share, self.day_share, self.fade_color = share, day_share, fade_color

    def forward(self, visible: Tensor, infrared: Tensor, attention: Tensor
                ) -> tuple[Tensor, Tensor]:
        """The lead in each pixel of a batch, and how much chroma stays in each image.

        Args:
            visible (Tensor): I_V, N x 1 x H x W in [0, 1].
            infrared (Tensor): I_I, the same shape and range.
            attention (Tensor): Att, the same shape and range.

        Returns:
            tuple[Tensor, Tensor]: the lead, N x 1 x H x W, float32, from 0 to the larger of
            ``share`` and ``day_share``; the chroma's factor, N values from 1 - ``share`` to 1.
        """
        wins = _logistic(sobel_gradient(infrared) > sobel_gradient(visible),
                         self.middle, self.steepness)
        day = _logistic(visible > infrared + DAY_DIFFERENCE, DAY_MIDDLE, DAY_STEEPNESS)
        scenery = day * (1 - attention.float())
        lead = wins * (self.share + (self.day_share - self.share) * scenery)
        faded = wins * self.share * (1 - day) if self.fade_color else torch.zeros_like(wins)
        return lead, 1 - faded.flatten()

    def extra_repr(self) -> str:
        return (f'middle={self.middle}, steepness={self.steepness}, share={self.share}, '
                f'day_share={self.day_share}, fade_color={self.fade_color}')


def _logistic(pixels: Tensor, middle: float, steepness: float) -> Tensor:
    """From 0 to 1 with the odds of the true pixels of each image; half at the share ``middle``."""
    share = pixels.float().mean(dim=(1, 2, 3), keepdim=True)
    return (steepness * (share.logit(1e-4) - math.log(middle / (1 - middle)))).sigmoid()
