"""Gaussian blur of images."""

import torch
from torch import Tensor
from torch.nn import functional as F


def gaussian_window(size: int, sigma: float, like: Tensor) -> Tensor:
    """``size`` weights of a Gaussian around its middle, sum 1, of the dtype and device of ``like``.

    ``sigma`` is in pixels.
    """
    offsets = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    window = torch.exp(-0.5 * (offsets / sigma).square())
    return window / window.sum()


def filter_rows_and_columns(images: Tensor, window: Tensor) -> Tensor:
    """Filter N x 1 x H x W images by a window along both axes, where it fits whole."""
    return F.conv2d(F.conv2d(images, window.view(1, 1, 1, -1)), window.view(1, 1, -1, 1))


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Blur N x 1 x H x W images by a Gaussian, with the border pixels repeated outwards.

    ``sigma`` is its standard deviation in pixels; the window reaches three of it.
    """
    reach = int(3 * sigma + 0.5)
    padded = F.pad(image, (reach, reach, reach, reach), mode='replicate')
    return filter_rows_and_columns(padded, gaussian_window(2 * reach + 1, sigma, image))
