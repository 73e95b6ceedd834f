"""SF, the level of activity along rows and columns of the fused image."""

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages, Image, Mask
from moefusion.metrics.strips import row_strips


def spatial_frequency(fused: Image, mask: Mask = None) -> float | Tensor:
    r"""SF: root of the mean squared differences between neighbours, rows plus columns.

    .. math:: SF = \sqrt{\operatorname{mean}(\Delta_{row}^2) + \operatorname{mean}(\Delta_{col}^2)}

    on F / 255, each mean over its own number of differences ((H-1) W and H (W-1)). Range 0
    (constant image) to :math:`\sqrt 2`, higher is better; noise raises it too. The same in both
    protocols. Arguments and result as in :func:`moefusion.metrics.fusion_metrics`. Source:
    Eskicioglu and Fisher, "Image quality measures and their performance", IEEE Trans. Commun. 1995
    (reference [4] of the paper).
    """
    fused = GrayImages.of(fused, mask, 'fused')
    _, height, width = fused.shape
    rows, columns = fused.zeros(), fused.zeros()
    for start, stop in row_strips(fused.levels):
        levels = fused.levels[:, start : stop + 1].double()
        rows += torch.diff(levels, dim=1).square_().sum(dim=(1, 2))
        columns += torch.diff(levels[:, : stop - start]).square_().sum(dim=(1, 2))
    mean = rows / ((height - 1) * width) + columns / (height * (width - 1))
    return fused.result(mean.sqrt() / 255)
