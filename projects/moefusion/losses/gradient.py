"""The gradient loss (paper, equation 9)."""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def sobel_gradient(image: Tensor) -> Tensor:
    """Absolute Sobel gradient, |x| + |y|, with the border pixels repeated outwards.

    Args:
        image (Tensor): N x 1 x H x W.

    Returns:
        Tensor: N x 1 x H x W, 0 or more; up to 6 for an image in [0, 1].
    """
    image = F.pad(image, (1, 1, 1, 1), mode='replicate')
    across = image[..., 2:] - image[..., :-2]
    down = image[..., 2:, :] - image[..., :-2, :]
    gradient_x = across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]
    gradient_y = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return gradient_x.abs() + gradient_y.abs()


def gradient_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Mean distance of the fused image's gradient to the larger of the sources'.

    Args:
        fused (Tensor): I_F, N x 1 x H x W.
        visible (Tensor): I_V in [0, 1], the same shape.
        infrared (Tensor): I_I in [0, 1], the same shape.

    Returns:
        Tensor: N values, one for each image. Weight it by alpha (10 in the paper).
    """
    target = torch.maximum(sobel_gradient(visible), sobel_gradient(infrared))
    return (sobel_gradient(fused) - target).abs().mean(dim=(1, 2, 3))
