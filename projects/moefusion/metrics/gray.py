"""Gray levels of a colour image, rounded as MATLAB's rgb2gray rounds them."""

import torch
from torch import Tensor

from moefusion.image.color import RGB_TO_GRAY
from moefusion.metrics.strips import row_strips


def rgb_to_gray(rgb: Tensor) -> Tensor:
    """Turn ``uint8`` R, G, B into ``uint8`` gray: ``round(0.2989 R + 0.5870 G + 0.1140 B)``.

    Args:
        rgb (Tensor): ``N x 3 x H x W``, ``uint8``, channels in the order R, G, B.

    Returns:
        Tensor: ``N x H x W``, ``uint8``. A pixel with R = G = B keeps its level.
    """
    gray = rgb.new_empty(rgb.shape[0], *rgb.shape[2:])
    for start, stop in row_strips(gray):
        strip = torch.full(gray[:, start:stop].shape, 0.5, dtype=torch.float64, device=rgb.device)
        for channel, weight in enumerate(RGB_TO_GRAY):
            strip.add_(rgb[:, channel, start:stop].double().mul_(weight))
        gray[:, start:stop] = strip
    return gray
