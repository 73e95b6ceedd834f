"""AG, the mean steepness of the fused image."""

from __future__ import annotations

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages
from moefusion.metrics.inputs import Image
from moefusion.metrics.strips import row_strips


def average_gradient(fused: Image | GrayImages, mask: Image | None = None) -> float | Tensor:
    r"""AG: the mean length of the gradient of F, in levels per pixel.

    .. math:: AG = \frac{1}{(H-1)(W-1)} \sum \sqrt{\frac{g_x^2 + g_y^2}{2}}

    with central differences inside and one-sided ones at the border, summed over all H W pixels
    (MATLAB's ``gradient``). Range 0 (constant image) to about 255, higher is better; noise raises
    it too. The same in both protocols. Source: Cui et al., "Detail preserved fusion of visible and
    infrared images using regional saliency extraction and multi-scale image decomposition",
    Optics Communications 2015 (reference [2] of the paper).

    Args:
        fused (ndarray | Tensor | GrayImages): F, ``uint8``; see
            :func:`~moefusion.metrics.inputs.to_gray_batch` for shapes.
        mask (ndarray | Tensor, optional): Pixels outside it count as level 0.

    Returns:
        float | Tensor: levels per pixel; N values (``float64``) for a batch.
    """
    fused = GrayImages.of(fused, mask, 'fused')
    _, height, width = fused.shape
    total = 0
    for start, stop in row_strips(fused.levels):
        above, below = max(start - 1, 0), min(stop + 1, height)
        levels = fused.levels[:, above:below].double()
        slopes = _doubled_gradient(levels, 1)[:, start - above : stop - above]
        squares = slopes.square_().add_(
            _doubled_gradient(levels[:, start - above : stop - above], 2).square_()
        )
        total = total + squares.sqrt_().sum(dim=(1, 2))
    return fused.result(total / 8**0.5 / ((height - 1) * (width - 1)))


def _doubled_gradient(levels: Tensor, dim: int) -> Tensor:
    """Twice the gradient along a dimension, in whole numbers."""
    gradient = torch.empty_like(levels)
    last = levels.shape[dim] - 1
    torch.sub(
        levels.narrow(dim, 2, last - 1),
        levels.narrow(dim, 0, last - 1),
        out=gradient.narrow(dim, 1, last - 1),
    )
    for at, low, high in ((0, 0, 1), (last, last - 1, last)):
        border = (levels.select(dim, high) - levels.select(dim, low)) * 2
        gradient.select(dim, at).copy_(border)
    return gradient
