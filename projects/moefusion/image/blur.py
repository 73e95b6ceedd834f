"""Gaussian blur of images."""

import torch
from torch import Tensor
from torch.nn import functional as F


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Blur by a Gaussian, with the border pixels repeated outwards.

    Args:
        image (Tensor): N x 1 x H x W.
        sigma (float): Standard deviation in pixels; the window reaches three of it.

    Returns:
        Tensor: N x 1 x H x W.
    """
    reach = int(3 * sigma + 0.5)
    offsets = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    window = torch.exp(-0.5 * (offsets / sigma).square())
    window = window / window.sum()
    image = F.pad(image, (reach, reach, reach, reach), mode='replicate')
    return F.conv2d(F.conv2d(image, window.view(1, 1, 1, -1)), window.view(1, 1, -1, 1))
