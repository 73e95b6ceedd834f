"""VIF, the visual information of the sources that the fused image keeps."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from moefusion.metrics.gaussian import (
    COLUMNS,
    filter_tiles,
    filtered_length,
    pad_to_tiles,
    tile_strips,
)
from moefusion.metrics.images import GrayImages, Image, Mask, prepare
from moefusion.metrics.inputs import check_protocol

WINDOWS = (17, 9, 5, 3)
# Each scale filters and halves the one before; the last one still needs a whole window.
SMALLEST_SIDE = 41
NOISE = 2.0
EPSILON = 1e-10


def visual_information_fidelity(
    visible: Image, infrared: Image, fused: Image, protocol: str = 'literature', mask: Mask = None
) -> float | Tensor:
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
    no information to keep (0/0, in MATLAB too). Arguments and result as in
    :func:`moefusion.metrics.fusion_metrics`. Sources: Sheikh and Bovik, "Image information and
    visual quality", IEEE TIP 2006, pixel-domain version; Han et al., "A new image fusion
    performance metric based on visual information fidelity", Information Fusion 2013 (reference
    [7] of the paper).

    Raises:
        ValueError: For an image with a side below 41 pixels: the window of the last scale would
            not fit in it.
    """
    literature = check_protocol(protocol)
    visible, infrared, fused = prepare(visible, infrared, fused, mask)
    if min(fused.shape[1:]) < SMALLEST_SIDE:
        height, width = fused.shape[1:]
        raise ValueError(
            f'VIF needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels '
            f'(four scales, windows of 17 to 3), got {height} x {width}; '
            'the other seven metrics work on smaller ones'
        )
    first, second = _vifp((infrared, visible), fused, literature)
    return fused.result(first + second)


def _vifp(sources: Sequence[GrayImages], fused: GrayImages, literature: bool) -> Iterator[Tensor]:
    """Yield vifp(X, F) of each source X, N values each."""
    kept, total = [fused.zeros() for _ in sources], [fused.zeros() for _ in sources]
    for scale, size in enumerate(WINDOWS):
        saturate = literature and scale == 0
        for rows in tile_strips(fused.shared(_scaled, scale), size):
            strip_fused = _strip(fused, scale, saturate, *rows)
            textured = strip_fused.variance.sign()
            for i, source in enumerate(sources):
                strip = source.reused(_source_strip, scale, saturate, *rows)
                kept[i] += _kept(strip, strip_fused, textured, size, saturate)
                total[i] += strip.information
    for i, source in enumerate(sources):
        constant = source.levels.amin(dim=(1, 2)) == source.levels.amax(dim=(1, 2))
        yield torch.where(constant, math.nan, kept[i] / total[i])


class _Strip(NamedTuple):
    """Some rows of images at one scale; where tiles mean nothing, the variance is 0."""

    levels: Tensor  # N x h x w
    mean: Tensor  # local mean, in tiles
    variance: Tensor  # local variance, 0 up to epsilon, in tiles


class _SourceStrip(NamedTuple):
    """The same of a source, with what every fused image needs of it."""

    strip: _Strip
    padded: Tensor  # variance + epsilon
    share: Tensor  # variance / padded
    information: Tensor  # denominator of vifp, N


def _source_strip(
    images: GrayImages, scale: int, saturate: bool, start: int, stop: int
) -> _SourceStrip:
    strip = _strip(images, scale, saturate, start, stop)
    padded = strip.variance + EPSILON
    information = (strip.variance / NOISE).add_(1).log_().sum(dim=(1, 2, 3))
    return _SourceStrip(strip, padded, strip.variance / padded, information)


def _strip(images: GrayImages, scale: int, saturate: bool, start: int, stop: int) -> _Strip:
    size = WINDOWS[scale]
    levels = images.shared(_padded, scale)[:, start:stop].double()
    mean = filter_tiles(levels, size)
    flat = _Strip(levels, mean, torch.zeros_like(mean))
    height, width = (
        filtered_length(side, size) for side in images.shared(_scaled, scale).shape[1:]
    )
    height, last = height - start, width - COLUMNS * (mean.shape[1] - 1)
    # Squares that stop at 255 have a mean of 255 at most, so that where levels have a mean of 16 or
    # more no variance is left.
    if saturate and not mean.is_cuda:
        mean[:, -1, :, last:] = mean[:, :, height:] = 255
        if mean.amin() >= 16:
            return flat
    variance = F.threshold(_covariance(flat, flat, size, saturate), EPSILON, 0.0, inplace=True)
    variance[:, -1, :, last:] = 0
    variance[:, :, height:] = 0
    return flat._replace(variance=variance)


def _kept(
    source: _SourceStrip, fused: _Strip, textured: Tensor, size: int, saturate: bool
) -> Tensor:
    """Numerator of vifp in a strip: the information on the source that can be read from F.

    ``textured`` is 1 where F has a variance, 0 elsewhere.
    """
    if saturate and not fused.mean.is_cuda and not (source.strip.variance * textured).any():
        return torch.zeros_like(source.information)
    covariance = _covariance(source.strip, fused, size, saturate)
    # The definition sets g to 0 where it is negative and where either variance is 0. Such pixels
    # add nothing, so it is enough to clear the covariance there.
    covariance.clamp_(min=0).mul_(textured)
    # g times the covariance; g^2 times the variance is share times that
    explained = covariance.mul_(covariance).div_(source.padded)
    unexplained = torch.sub(fused.variance, explained).clamp_(min=EPSILON).add_(NOISE)
    ratio = explained.mul_(source.share).div_(unexplained)
    return ratio.add_(1).log_().sum(dim=(1, 2, 3))


def _covariance(first: _Strip, second: _Strip, size: int, saturate: bool) -> Tensor:
    products = first.levels * second.levels
    if saturate:
        products.clamp_(max=255)
    return filter_tiles(products, size).sub_(first.mean * second.mean)


def _padded(images: GrayImages, scale: int) -> Tensor:
    return pad_to_tiles(images.shared(_scaled, scale), WINDOWS[scale])


def _scaled(images: GrayImages, scale: int) -> Tensor:
    """The images at a scale: the one above filtered, every other row and column kept.

    The first scale stays ``uint8``, which takes an eighth of the memory, the others ``float64``.
    """
    if scale == 0:
        return images.levels
    above, size = images.shared(_scaled, scale - 1), WINDOWS[scale]
    padded = pad_to_tiles(above, size, step=2)
    tiles = torch.cat(
        [
            filter_tiles(padded[:, start:stop].double(), size, step=2)
            for start, stop in tile_strips(above, size, step=2)
        ],
        dim=2,
    )
    height, width = (filtered_length(side, size, step=2) for side in above.shape[1:])
    return tiles.transpose(1, 2).flatten(2)[:, :height, :width]
