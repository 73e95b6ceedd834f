"""MI, the information that the fused image shares with its sources."""

import torch
from torch import Tensor

from moefusion.metrics.entropy import LEVELS, entropy_bits
from moefusion.metrics.images import GrayImages, Image, Mask, prepare
from moefusion.metrics.inputs import check_protocol


def mutual_information(
    visible: Image, infrared: Image, fused: Image, protocol: str = 'literature', mask: Mask = None
) -> float | Tensor:
    r"""MI: bits that the levels of the fused image F tell about the infrared A and the visible B.

    .. math:: MI = I(A, F) + I(B, F), \quad I(X, F) = H(X) + H(F) - H(X, F)

    ``'literature'`` puts levels 254 and 255 into one bin of the *joint* histogram alone, because
    the MATLAB code indexes it with ``uint8 + 1``, which saturates. Range 0 to 16 bits
    (``'literature'`` may exceed I by the entropy lost in that bin), higher is better. A constant
    F gives 0 in ``'standard'``. Arguments and result as in
    :func:`moefusion.metrics.fusion_metrics`. Source: Qu et al., "Information measure for
    performance of image fusion", Electronics Letters 2002 (reference [24] of the paper).
    """
    literature = check_protocol(protocol)
    visible, infrared, fused = prepare(visible, infrared, fused, mask)
    return fused.result(_shared(infrared, fused, literature) + _shared(visible, fused, literature))


def _shared(source: GrayImages, fused: GrayImages, literature: bool) -> Tensor:
    pairs = source.levels.int().mul_(LEVELS).add_(fused.levels).flatten(1)
    counts = [torch.bincount(one, minlength=LEVELS * LEVELS) for one in pairs]
    joint = torch.stack(counts).view(-1, LEVELS, LEVELS)
    marginals = entropy_bits(joint.sum(dim=2)) + entropy_bits(joint.sum(dim=1))
    if literature:
        joint[:, 254] += joint[:, 255]
        joint[:, :, 254] += joint[:, :, 255]
        joint = joint[:, :255, :255]
    return marginals - entropy_bits(joint)
