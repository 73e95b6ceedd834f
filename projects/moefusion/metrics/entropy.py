"""EN, the Shannon entropy of the fused image, and the histograms that other metrics share."""

import math

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages, Image, Mask

LEVELS = 256


def entropy(fused: Image, mask: Mask = None) -> float | Tensor:
    r"""EN: how evenly the fused image F uses its 256 levels.

    .. math:: EN = -\sum_{k=0}^{255} p_k \log_2 p_k

    Range 0 (constant image) to 8 bits, higher is better; noise raises it too. The same in both
    protocols. Arguments and result as in :func:`moefusion.metrics.fusion_metrics`. Source: Roberts
    et al., "Assessment of image fusion procedures using entropy, image quality, and multispectral
    classification", J. Appl. Remote Sens. 2008 (reference [27] of the paper).
    """
    fused = GrayImages.of(fused, mask, 'fused')
    return fused.result(entropy_bits(fused.shared(histogram)))


def histogram(images: GrayImages) -> Tensor:
    """Counts of the 256 levels, ``N x 256``, ``int64``."""
    return torch.stack([torch.bincount(one.flatten(), minlength=LEVELS) for one in images.levels])


def entropy_bits(counts: Tensor) -> Tensor:
    """Shannon entropy in bits of each image's counts, ``N x ...`` to N values, ``float64``."""
    counts = counts.flatten(1).double()
    nats: Tensor = torch.special.entr(counts / counts.sum(dim=1, keepdim=True)).sum(dim=1)
    return nats / math.log(2)
