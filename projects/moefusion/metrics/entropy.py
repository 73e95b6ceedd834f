"""EN, the Shannon entropy of the fused image."""

from __future__ import annotations

from torch import Tensor

from moefusion.metrics.histograms import entropy_bits, histogram
from moefusion.metrics.images import GrayImages
from moefusion.metrics.inputs import Image


def entropy(fused: Image | GrayImages, mask: Image | None = None) -> float | Tensor:
    r"""EN: how evenly the fused image F uses its 256 levels.

    .. math:: EN = -\sum_{k=0}^{255} p_k \log_2 p_k

    Range 0 (constant image) to 8 bits, higher is better; noise raises it too. The same in both
    protocols. Source: Roberts et al., "Assessment of image fusion procedures using entropy, image
    quality, and multispectral classification", J. Appl. Remote Sens. 2008 (reference [27] of the
    paper).

    Args:
        fused (ndarray | Tensor | GrayImages): F, ``uint8``; see
            :func:`~moefusion.metrics.inputs.to_gray_batch` for shapes.
        mask (ndarray | Tensor, optional): Pixels outside it count as level 0.

    Returns:
        float | Tensor: bits; N values (``float64``) for a batch.
    """
    fused = GrayImages.of(fused, mask, 'fused')
    return fused.result(entropy_bits(fused.shared(histogram)))
