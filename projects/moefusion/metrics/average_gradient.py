"""AG, the mean steepness of the fused image."""

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages, Image, Mask
from moefusion.metrics.strips import row_strips


def average_gradient(fused: Image, mask: Mask = None) -> float | Tensor:
    r"""AG: the mean length of the gradient of F, in levels per pixel.

    .. math:: AG = \frac{1}{(H-1)(W-1)} \sum \sqrt{\frac{g_x^2 + g_y^2}{2}}

    with central differences inside and one-sided ones at the border, summed over all H W pixels
    (MATLAB's ``gradient``). Range 0 (constant image) to about 255, higher is better; noise raises
    it too. The same in both protocols. Arguments and result as in
    :func:`moefusion.metrics.fusion_metrics`. Source: Cui et al., "Detail preserved fusion of
    visible and infrared images using regional saliency extraction and multi-scale image
    decomposition", Optics Communications 2015 (reference [2] of the paper).
    """
    fused = GrayImages.of(fused, mask, 'fused')
    _, height, width = fused.shape
    total = fused.zeros()
    for start, stop in row_strips(fused.levels):
        above, below = max(start - 1, 0), min(stop + 1, height)
        levels, rows = fused.levels[:, above:below].double(), slice(start - above, stop - above)
        (down,), (across,) = torch.gradient(levels, dim=1), torch.gradient(levels[:, rows], dim=2)
        lengths = down[:, rows].square_().add_(across.square_()).sqrt_()
        total += lengths.sum(dim=(1, 2))
    return fused.result(total / 2**0.5 / ((height - 1) * (width - 1)))
