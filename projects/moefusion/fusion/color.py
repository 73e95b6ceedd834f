"""Colour for a fused gray image from the visible one (paper, supplement G)."""
from __future__ import annotations

import torch
from torch import Tensor

from ..luma import RGB_TO_GRAY


def rgb_to_gray(rgb: Tensor) -> Tensor:
    """Luma of colour images.

    Args:
        rgb (Tensor): N x 3 x H x W (channels R, G, B), floating point, any range.

    Returns:
        Tensor: N x 1 x H x W in the same range.
    """
    weights = torch.tensor(RGB_TO_GRAY, dtype=rgb.dtype, device=rgb.device)
    return (rgb * weights.view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def colorize(fused: Tensor, rgb: Tensor, chroma: float = 1.) -> Tensor:
    """Give a fused image the colour of the visible one.

    The fused image is the Y and the visible image's Cb and Cr are kept. Since Cb and Cr are
    multiples of B - Y and R - Y, going to YCbCr, replacing Y and going back is to add the
    difference of the two Y to each channel. Values are clipped, never stretched. Of Cb and Cr less
    than all may be kept, which the paper does not do.

    Args:
        fused (Tensor): N x 1 x H x W in [0, 1].
        rgb (Tensor): The visible image, N x 3 x H x W in [0, 1].
        chroma (float): What Cb and Cr are multiplied by, from 0 (gray) to 1. Defaults to 1.

    Returns:
        Tensor: N x 3 x H x W (R, G, B) in [0, 1].
    """
    rgb = chroma * rgb
    return (rgb + (fused - rgb_to_gray(rgb))).clamp(0, 1)
