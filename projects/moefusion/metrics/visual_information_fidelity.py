"""VIF, the visual information of the sources that the fused image keeps."""
from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .gaussian import gaussian_filter
from .images import GrayImages, prepare, values
from .inputs import Image, check_protocol

WINDOWS = (17, 9, 5, 3)
# Each scale filters and halves the one before; the last one still needs a whole window.
SMALLEST_SIDE = 41
NOISE = 2.0
EPSILON = 1e-10


def visual_information_fidelity(infrared: Image | GrayImages, visible: Image | GrayImages,
                                fused: Image | GrayImages, protocol: str = 'literature',
                                mask: Image | None = None) -> float | Tensor:
    r"""VIF: how much of the visual information in A and in B can be read from F.

    .. math:: VIF = vifp(A, F) + vifp(B, F), \quad vifp(X, F) =
              \frac{\sum \log(1 + g^2 \sigma_X^2 / (\sigma_V^2 + 2))}{\sum \log(1 + \sigma_X^2 / 2)}

    over all pixels of four scales with Gaussian windows of 17, 9, 5 and 3 pixels, sigma a fifth
    of that; g is the local regression of F on X and :math:`\sigma_V^2` what it leaves unexplained.
    ``'literature'`` forms the products X X, F F and X F of the first scale in ``uint8``, where
    they stop at 255.

    Range 0 to about 2 in ``'standard'`` (1 for a source against itself; more where F has more
    contrast than a source), higher is better; ``'literature'`` has no such anchor: a source
    against itself does not give 1. A constant F gives 0, a constant source ``nan``, as there is
    no information to keep (0/0, in MATLAB too). Sources: Sheikh and Bovik, "Image information and
    visual quality", IEEE TIP 2006, pixel-domain version; Han et al., "A new image fusion
    performance metric based on visual information fidelity", Information Fusion 2013 (reference
    [7] of the paper).

    Args:
        infrared, visible, fused (ndarray | Tensor | GrayImages): A, B and F, ``uint8``, one size,
            at least 41 x 41; see :func:`~moefusion.metrics.inputs.to_gray_batch` for shapes.
        protocol (str): ``'literature'`` or ``'standard'``.
        mask (ndarray | Tensor, optional): Pixels outside it count as level 0 in all three.

    Returns:
        float | Tensor: N values (``float64``) for a batch.

    Raises:
        ValueError: For an image with a side below 41 pixels: the window of the last scale would
            not fit in it.
    """
    literature = check_protocol(protocol)
    infrared, visible, fused = prepare(infrared, visible, fused, mask)
    if min(fused.shape[1:]) < SMALLEST_SIDE:
        height, width = fused.shape[1:]
        raise ValueError(f'VIF needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels '
                         f'(four scales, windows of 17 to 3), got {height} x {width}; '
                         'the other seven metrics work on smaller ones')
    return fused.result(_vifp(infrared, fused, literature) + _vifp(visible, fused, literature))


def _vifp(source: GrayImages, fused: GrayImages, literature: bool) -> Tensor:
    kept = total = 0
    for scale in range(len(WINDOWS)):
        saturate = literature and scale == 0
        variance, information = source.derived(_source_statistics, scale, saturate)
        total = total + information
        kept = kept + _kept(source, fused, variance, scale, saturate)
    return torch.where(source.derived(_is_constant), math.nan, kept / total)


def _kept(source: GrayImages, fused: GrayImages, variance: Tensor, scale: int, saturate: bool
          ) -> Tensor:
    """The numerator of one scale: information on the source that can be read from F."""
    variance_fused = fused.derived(_variance, scale, saturate)
    # The definition sets g to 0 where it is negative and where either variance is; such pixels
    # add nothing, so it is enough to clear the covariance there.
    covariance = _covariance(source, fused, scale, saturate).clamp_(min=0)
    covariance.masked_fill_(variance_fused == 0, 0)
    gain = covariance / (variance + EPSILON)
    unexplained = (variance_fused - covariance.mul_(gain)).clamp_(min=EPSILON)
    ratio = gain.square_().mul_(variance).div_(unexplained.add_(NOISE))
    return ratio.add_(1).log_().sum(dim=(1, 2))


def _source_statistics(source: GrayImages, scale: int, saturate: bool) -> tuple[Tensor, Tensor]:
    """Local variance of a source and its information, the denominator of one scale."""
    variance = source.derived(_variance, scale, saturate)
    return variance, (variance / NOISE).add_(1).log_().sum(dim=(1, 2))


def _variance(images: GrayImages, scale: int, saturate: bool) -> Tensor:
    """Local variance; below epsilon it counts as 0."""
    variance = _covariance(images, images, scale, saturate)
    return F.threshold_(variance, EPSILON, 0.0)


def _covariance(first: GrayImages, second: GrayImages, scale: int, saturate: bool) -> Tensor:
    products = first.derived(_scaled, scale) * second.derived(_scaled, scale)
    if saturate:
        products.clamp_(max=255)
    means = first.derived(_mean, scale) * second.derived(_mean, scale)
    return gaussian_filter(products, WINDOWS[scale]).sub_(means)


def _mean(images: GrayImages, scale: int) -> Tensor:
    return gaussian_filter(images.derived(_scaled, scale), WINDOWS[scale])


def _scaled(images: GrayImages, scale: int) -> Tensor:
    """The images at a scale: the one above filtered, every other row and column kept."""
    if scale == 0:
        return images.derived(values)
    return gaussian_filter(images.derived(_scaled, scale - 1), WINDOWS[scale], step=2)


def _is_constant(images: GrayImages) -> Tensor:
    return images.levels.amin(dim=(1, 2)) == images.levels.amax(dim=(1, 2))
