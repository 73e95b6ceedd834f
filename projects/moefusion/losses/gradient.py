"""The gradient loss (paper, equation 9)."""

from __future__ import annotations

import torch
from torch import Tensor

from moefusion.image.sobel import gradient_magnitude, sobel_components, sobel_gradient


def gradient_loss(
    fused: Tensor, visible: Tensor, infrared: Tensor, signed: bool = False, gain: float = 1.0
) -> Tensor:
    """Mean distance of the fused image's gradient to the larger of the sources'.

    Equation 9 compares magnitudes, so an edge and its negative are alike to it. With ``signed``
    both components of the fused gradient are compared with those of the source whose magnitude
    is the larger one in that pixel. ``signed`` and ``gain`` are not in the paper.

    Args:
        fused (Tensor): I_F, N x 1 x H x W.
        visible (Tensor): I_V in [0, 1], the same shape.
        infrared (Tensor): I_I in [0, 1], the same shape.
        signed (bool): whether the direction of an edge counts. Defaults to False.
        gain (float): multiplies the gradient that is aimed at; above 1 it sharpens. Defaults to 1.

    Returns:
        Tensor: N values, one for each image. Weight it by alpha (10 in the paper).
    """
    if not signed:
        target = gain * torch.maximum(sobel_gradient(visible), sobel_gradient(infrared))
        return (sobel_gradient(fused) - target).abs().mean(dim=(1, 2, 3))
    components = [sobel_components(image) for image in (fused, visible, infrared)]
    visible_wins = gradient_magnitude(components[1]) > gradient_magnitude(components[2])
    return sum(
        (mine - gain * torch.where(visible_wins, first, second)).abs()
        for mine, first, second in zip(*components)
    ).mean(dim=(1, 2, 3))
