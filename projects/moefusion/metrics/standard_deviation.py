"""SD, the contrast of the fused image, and why published values stay near 9."""

import torch
from torch import Tensor

from moefusion.metrics.entropy import LEVELS, histogram
from moefusion.metrics.images import GrayImages, Image, Mask
from moefusion.metrics.inputs import check_protocol


def standard_deviation(
    fused: Image, protocol: str = 'literature', mask: Mask = None
) -> float | Tensor:
    r"""SD: how far the levels of the fused image F lie from their mean.

    ``'standard'`` is the population standard deviation in levels, range 0 to 127.5:

    .. math:: SD = \sqrt{\tfrac{1}{HW} \sum (F - \mu)^2}

    ``'literature'`` does the same in MATLAB's ``uint8`` arithmetic, where a difference below 0
    becomes 0 and a square above 255 becomes 255, range 0 to :math:`\sqrt{255} \approx 15.97`:

    .. math:: SD = \sqrt{\tfrac{1}{HW} \sum \min(d^2, 255)}, \quad
              d = \min(\max(\mathrm{round}(F - \mu), 0), 255)

    In effect it counts the pixels brighter than the mean by 16 levels or more. Higher is better.
    A constant image gives 0. Arguments and result as in :func:`moefusion.metrics.fusion_metrics`.
    Source: the MATLAB evaluation shared by the papers compared.
    """
    literature = check_protocol(protocol)
    fused = GrayImages.of(fused, mask, 'fused')
    counts = fused.shared(histogram).double()
    levels = torch.arange(LEVELS, dtype=torch.float64, device=counts.device)
    mean = (counts * levels).sum(dim=1, keepdim=True) / fused.pixels
    squares = (levels - mean).square()
    if literature:
        squares = (levels - mean + 0.5).floor().clamp(0, 255).square().clamp(max=255)
    return fused.result(((counts * squares).sum(dim=1) / fused.pixels).sqrt())
