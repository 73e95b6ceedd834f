"""Qabf, the share of the sources' edges that survives in the fused image."""

import math

import numpy as np
import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages, Image, Mask, prepare
from moefusion.metrics.inputs import check_protocol
from moefusion.metrics.strips import row_strips

# (ceiling, steepness, centre) of the sigmoids of Xydeas and Petrovic
STRENGTH = (0.9994, 15.0, 0.5)
ANGLE = (0.9879, 22.0, 0.8)


def qabf(
    visible: Image, infrared: Image, fused: Image, protocol: str = 'literature', mask: Mask = None
) -> float | Tensor:
    r"""Qabf: how well the fused image F keeps the strength and angle of the sources' edges.

    .. math:: Q^{AB/F} = \frac{\sum Q^{AF} g_A + Q^{BF} g_B}{\sum g_A + g_B}, \quad
              Q^{XF} = \frac{0.9994}{1 + e^{-15 (G - 0.5)}} \frac{0.9879}{1 + e^{-22 (R - 0.8)}}

    with the Sobel strength g (zero border), the relative strength
    :math:`G = \min(g_X, g_F) / \max(g_X, g_F)` and the relative angle
    :math:`R = 1 - |\alpha_X - \alpha_F| / (\pi / 2)`, :math:`\alpha = \arctan(s_y / s_x)`, and
    :math:`\pi/2` where :math:`s_x = 0`. Where the strengths are *equal*, ``'standard'`` takes
    G = 1, ``'literature'`` takes :math:`G = g_F` as the MATLAB code does. Floats are compared for
    equality there, so the products of a Sobel window are added in the order of MATLAB.

    Range 0 to 0.975 (the sigmoids do not reach 1), higher is better. ``nan`` where neither source
    has an edge (both are 0 everywhere: the border is an edge to any other constant). Arguments and
    result as in :func:`moefusion.metrics.fusion_metrics`. Source: Xydeas and Petrovic, "Objective
    image fusion performance measure", Electronics Letters 2000 (reference [40] of the paper).
    """
    literature = check_protocol(protocol)
    visible, infrared, fused = prepare(visible, infrared, fused, mask)
    kept, weight = fused.zeros(), fused.zeros()
    for rows in row_strips(fused.levels):
        edges_fused = edges(fused, *rows)
        for source in (infrared, visible):
            edges_source = source.reused(edges, *rows)
            kept += _kept(edges_source, edges_fused, literature)
            weight += edges_source[0].sum(dim=(1, 2))
    return fused.result(kept / weight)


def edges(images: GrayImages, start: int, stop: int) -> tuple[Tensor, Tensor]:
    """Sobel strength and angle (-pi/2 to pi/2) of some rows of the image in [0, 1].

    The sums run in MATLAB's order: columns from right to left, each from its last row to its first.
    Another order, or a product and a sum rounded once instead of twice, moves Qabf in its third
    decimal (the factors 1 and 2 round nothing, so ``alpha`` is safe).

    Returns:
        tuple[Tensor, Tensor]: each ``N x (stop - start) x W``, ``float64``.
    """
    count, height, width = images.shape
    rows, first, last = stop - start, max(start - 1, 0), min(stop + 1, height)
    image = torch.zeros(
        count, rows + 2, width + 2, dtype=torch.float64, device=images.levels.device
    )
    image[:, first - start + 1 : last - start + 1, 1:-1] = images.levels[:, first:last]
    # by a tensor, as CUDA turns a division by a number into a product with its reciprocal
    image.div_(torch.full_like(image[:1, :1, :1], 255))

    def at(row: int, column: int) -> Tensor:
        return image[:, row : row + rows, column : column + width]

    # Both with the opposite sign, which changes neither strength nor angle.
    horizontal = torch.add(at(2, 2), at(1, 2), alpha=2)
    vertical = torch.sub(at(0, 2), at(2, 2))
    for total, terms in (
        (horizontal, ((0, 2, 1), (2, 0, -1), (1, 0, -2), (0, 0, -1))),
        (vertical, ((2, 1, -2), (0, 1, 2), (2, 0, -1), (0, 0, 1))),
    ):
        for row, column, factor in terms:
            total.add_(at(row, column), alpha=factor)
    strength = _rounded_sqrt((horizontal * horizontal).add_(vertical * vertical))
    # pi / 2 wherever the horizontal one is 0: after 0 / 0 and below it, too
    angle = vertical.div_(horizontal).nan_to_num_(math.inf, math.inf, math.inf).atan_()
    return strength, angle


def _rounded_sqrt(numbers: Tensor) -> Tensor:
    """Square root in place, correctly rounded.

    On the CPU, PyTorch may leave the root to a vector library that misses the last bit of one
    value in a hundred, and then gradients that MATLAB finds equal are not; NumPy never does.
    """
    if numbers.device.type == 'cpu':
        np.sqrt(numbers.numpy(), out=numbers.numpy())
        return numbers
    return numbers.sqrt_()


def _kept(source: tuple[Tensor, Tensor], fused: tuple[Tensor, Tensor], literature: bool) -> Tensor:
    """Sum of Q^{XF} g_X over a strip of each image."""
    (strength, angle), (strength_fused, angle_fused) = source, fused
    relative = torch.minimum(strength, strength_fused)
    relative.div_(torch.maximum(strength, strength_fused))
    at_equal = strength_fused if literature else torch.ones_like(relative[:1, :1, :1])
    relative = torch.where(strength == strength_fused, at_equal, relative)
    turn = torch.sub(angle, angle_fused).abs_().mul_(-2 / math.pi).add_(1)
    top = 1.0
    for ratio, (ceiling, slope, centre) in ((relative, STRENGTH), (turn, ANGLE)):
        ratio.sub_(centre).mul_(-slope).exp_().add_(1)
        top *= ceiling
    return torch.div(strength, relative.mul_(turn)).sum(dim=(1, 2)) * top
