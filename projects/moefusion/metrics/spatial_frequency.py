"""SF, the level of activity along rows and columns of the fused image."""

from __future__ import annotations

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages
from moefusion.metrics.inputs import Image
from moefusion.metrics.strips import row_strips


def spatial_frequency(fused: Image | GrayImages, mask: Image | None = None) -> float | Tensor:
    r"""SF: root of the mean squared differences between neighbours, rows plus columns.

    .. math:: SF = \sqrt{\operatorname{mean}(\Delta_{row}^2) + \operatorname{mean}(\Delta_{col}^2)}

    on F / 255, each mean over its own number of differences ((H-1) W and H (W-1)). Range 0
    (constant image) to :math:`\sqrt 2`, higher is better; noise raises it too. The same in both
    protocols. Source: Eskicioglu and Fisher, "Image quality measures and their performance",
    IEEE Trans. Commun. 1995 (reference [4] of the paper).

    Args:
        fused (ndarray | Tensor | GrayImages): F, ``uint8``; see
            :func:`~moefusion.metrics.inputs.to_gray_batch` for shapes.
        mask (ndarray | Tensor, optional): Pixels outside it count as level 0.

    Returns:
        float | Tensor: of the full range; N values (``float64``) for a batch.
    """
    fused = GrayImages.of(fused, mask, 'fused')
    _, height, width = fused.shape
    rows = columns = 0
    for start, stop in row_strips(fused.levels):
        levels = fused.levels[:, start : stop + 1].double()
        rows = rows + torch.diff(levels, dim=1).square_().sum(dim=(1, 2))
        columns = columns + torch.diff(levels[:, : stop - start]).square_().sum(dim=(1, 2))
    mean = rows / ((height - 1) * width) + columns / (height * (width - 1))
    return fused.result(mean.sqrt() / 255)
