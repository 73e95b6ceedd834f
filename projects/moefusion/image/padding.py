"""Padding of images to sizes that a network can halve."""

from torch import Tensor
from torch.nn import functional as F


def pad_to_multiple(image: Tensor, step: int, mode: str = 'constant') -> Tensor:
    """Pad at the bottom and the right until height and width are multiples of ``step``.

    Args:
        image (Tensor): N x C x H x W.
        step (int): 1 or more.
        mode (str): ``'constant'`` for zeros, or ``'replicate'``.

    Returns:
        Tensor: N x C x H' x W'; ``image`` itself for a step of 1.
    """
    if step == 1:
        return image
    # In this form torch.export sees that the sizes are multiples.
    down, right = ((size + step - 1) // step * step - size for size in image.shape[-2:])
    return F.pad(image, (0, right, 0, down), mode=mode)
