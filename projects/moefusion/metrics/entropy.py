"""EN, the Shannon entropy of the fused image."""

from torch import Tensor

from moefusion.metrics.histograms import entropy_bits, histogram
from moefusion.metrics.images import GrayImages, Image, Mask


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
