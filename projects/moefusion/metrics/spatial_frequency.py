"""SF, the level of activity along rows and columns of the fused image."""
from __future__ import annotations

import torch
from torch import Tensor

from .images import GrayImages
from .inputs import Image


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
    levels = fused.levels.int()
    mean_squares = [torch.diff(levels, dim=dim).double().square_().mean(dim=(1, 2))
                    for dim in (1, 2)]
    return fused.result((mean_squares[0] + mean_squares[1]).sqrt() / 255)
