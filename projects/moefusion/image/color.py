"""Luma and colour: gray from colour, and colour for a fused gray image (supplement G)."""

import torch
from torch import Tensor

from moefusion.luma import RGB_TO_GRAY


def rgb_to_gray(rgb: Tensor) -> Tensor:
    """Luma N x 1 x H x W of N x 3 x H x W floats (R, G, B), in the same range."""
    weights = torch.tensor(RGB_TO_GRAY, dtype=rgb.dtype, device=rgb.device)
    return (rgb * weights.view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def colorize(fused: Tensor, rgb: Tensor) -> Tensor:
    """Give a fused image the colour of the visible one.

    The fused image is the Y and the visible image's Cb and Cr are kept. Since Cb and Cr are
    multiples of B - Y and R - Y, going to YCbCr, replacing Y and going back is to add the
    difference of the two Y to each channel. Values are clipped, never stretched.

    Args:
        fused (Tensor): N x 1 x H x W in [0, 1].
        rgb (Tensor): The visible image, N x 3 x H x W (R, G, B) in [0, 1], as is the result.

    Raises:
        TypeError: if one of them is not of floats.
    """
    if not (fused.is_floating_point() and rgb.is_floating_point()):
        raise TypeError(f'colorize takes floats in [0, 1], but not {fused.dtype} and {rgb.dtype}')
    return (rgb + (fused - rgb_to_gray(rgb))).clamp(0, 1)
