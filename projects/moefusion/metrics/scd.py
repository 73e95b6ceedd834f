"""SCD, the sum of the correlations of differences."""

import math

import torch
from torch import Tensor

from moefusion.metrics.images import Image, Mask, prepare
from moefusion.metrics.strips import row_strips


def sum_of_correlations_of_differences(
    visible: Image, infrared: Image, fused: Image, mask: Mask = None
) -> float | Tensor:
    r"""SCD: how well what F adds to one source resembles the other source.

    .. math:: SCD = r(F - B, A) + r(F - A, B)

    with the infrared A, the visible B and Pearson's correlation r over all pixels. Range -2 to 2,
    higher is better. The same in both protocols. Where a source or a difference is constant (F
    equal to a source, say) the correlation is undefined and SCD is ``nan``, as in MATLAB; the
    sums are kept as whole numbers, so that this never hangs on rounding. Arguments and result as in
    :func:`moefusion.metrics.fusion_metrics`. Source: Aslantas and Bendes, "A new image quality
    metric for image fusion: the sum of the correlations of differences", AEU 2015 (reference [1] of
    the paper).
    """
    visible, infrared, fused = prepare(visible, infrared, fused, mask)
    sums, products = (
        fused.levels.new_zeros(len(fused.levels), 3, n, dtype=torch.float64) for n in (1, 3)
    )
    for start, stop in row_strips(fused.levels):
        strip = torch.stack(
            [image.levels[:, start:stop].flatten(1) for image in (infrared, visible, fused)], dim=1
        ).double()
        sums += strip.sum(dim=2, keepdim=True)
        products += strip @ strip.mT
    # Whole numbers below 2^53 are exact in float64, whatever the order of their sum; from here on
    # Python's integers keep them exact.
    scores = [
        _scd(fused.pixels, total, product)
        for total, product in zip(sums.flatten(1).long().tolist(), products.long().tolist())
    ]
    return fused.result(torch.tensor(scores, dtype=torch.float64, device=fused.levels.device))


def _scd(n: int, sums: list[int], products: list[list[int]]) -> float:
    # n^2 times the covariances of A, B and F
    (aa, ab, af), (_, bb, bf), (_, _, ff) = (
        [n * product - sums[i] * sums[j] for j, product in enumerate(row)]
        for i, row in enumerate(products)
    )
    return _correlation(af - ab, ff + bb - 2 * bf, aa) + _correlation(bf - ab, ff + aa - 2 * af, bb)


def _correlation(covariance: int, variance_1: int, variance_2: int) -> float:
    if variance_1 == 0 or variance_2 == 0:
        return math.nan
    return covariance / math.sqrt(variance_1) / math.sqrt(variance_2)
