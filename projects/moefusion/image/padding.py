"""Padding of images to sizes that a network can halve."""

from torch import Tensor
from torch.nn import functional as F


def pad_to_multiple(image: Tensor, step: int, mode: str = 'constant') -> Tensor:
    """Pad N x C x H x W at the bottom and the right to multiples of ``step``.

    A step of 1 returns ``image`` itself. The mode is ``'constant'`` for zeros, or ``'replicate'``.
    """
    if step == 1:
        return image
    # In this form torch.export sees that the sizes are multiples.
    down, right = ((size + step - 1) // step * step - size for size in image.shape[-2:])
    return F.pad(image, (0, right, 0, down), mode=mode)
