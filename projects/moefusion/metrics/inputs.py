"""What the metrics accept: checks of type, shape and range, one gray layout for all of them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moefusion.image import RGB_TO_GRAY
from moefusion.metrics.strips import row_strips

Array = NDArray[Any] | Tensor

PROTOCOLS = ('literature', 'standard')
# of an image: all of it, inside the boxes of its objects, outside (paper, section D)
REGIONS = ('whole', 'foreground', 'background')


def check_protocol(protocol: str) -> bool:
    """Return whether ``protocol`` is ``'literature'``; raise ``ValueError`` on an unknown one."""
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be 'literature' or 'standard', got {protocol!r}")
    return protocol == 'literature'


def to_gray_batch(image: Array, name: str = 'image') -> Tensor:
    """Check one image or batch and return it as gray ``uint8``, ``N x H x W``.

    Args:
        image (ndarray | Tensor): as for :func:`moefusion.metrics.fusion_metrics`.
        name (str): How error messages call it.

    Raises:
        TypeError: For anything but ``uint8``: the protocols are defined on 8-bit levels, and a
            silent conversion would change the numbers.
        ValueError: For another shape, or a side of fewer than two pixels.
    """
    if not isinstance(image, (np.ndarray, Tensor)):
        raise TypeError(
            f'{name}: expected a numpy array or a torch tensor, got {type(image).__name__}'
        )
    if np.ma.is_masked(image):  # type: ignore[no-untyped-call]  # NumPy's
        raise TypeError(f'{name}: has masked values; fill them, or give the mask as mask=')
    if image.dtype not in (np.uint8, torch.uint8):
        raise TypeError(
            f'{name}: the metrics are defined on 8-bit images, expected uint8 in 0..255, got '
            f'{image.dtype}; bring it to 8 bits yourself, e.g. (image.clip(0, 1) * 255).round() '
            'for floats in [0, 1], image // 257 for 16-bit levels, then cast to uint8'
        )
    fits = image.ndim == 2
    if isinstance(image, Tensor):
        batch, rule = image, 'a tensor must be H x W, N x 1 x H x W (gray) or N x 3 x H x W (RGB)'
        fits = fits or (image.ndim == 4 and image.shape[1] in (1, 3))
    else:
        batch = torch.from_numpy(np.ascontiguousarray(image))
        rule = 'an array must be H x W (gray) or H x W x 3 (RGB)'
        if image.shape[2:] == (3,):
            fits, batch = True, batch.permute(2, 0, 1)[None]
    if not fits:
        raise ValueError(f'{name}: {rule}, got {_shape(image)}')
    batch = batch[None, None] if batch.ndim == 2 else batch
    if batch.shape[0] < 1 or min(batch.shape[2:]) < 2:
        raise ValueError(f'{name}: needs at least one image of 2 x 2 pixels, got {_shape(image)}')
    return (_rounded_gray(batch) if batch.shape[1] == 3 else batch[:, 0]).contiguous()


def _rounded_gray(rgb: Tensor) -> Tensor:
    """``round(0.2989 R + 0.5870 G + 0.1140 B)`` of ``uint8`` N x 3 x H x W, as ``rgb2gray``.

    A pixel with R = G = B keeps its level.
    """
    gray = rgb.new_empty(rgb.shape[0], *rgb.shape[2:])
    for start, stop in row_strips(gray):
        strip = torch.full(gray[:, start:stop].shape, 0.5, dtype=torch.float64, device=rgb.device)
        for channel, weight in enumerate(RGB_TO_GRAY):
            strip.add_(rgb[:, channel, start:stop].double().mul_(weight))
        gray[:, start:stop] = strip
    return gray


def to_mask_batch(mask: Array, like: Tensor) -> Tensor:
    """Check a mask and return it as ``bool``, ``N x H x W`` (or ``1 x H x W`` for all of them).

    Args:
        mask (ndarray | Tensor): ``bool``, or integers where anything but 0 is inside; ``H x W``,
            or with one mask an image ``N x H x W`` or ``N x 1 x H x W``.
        like (Tensor): The ``N x H x W`` images it is for.

    Raises:
        TypeError: For a mask of floats.
        ValueError: For another shape.
    """
    if isinstance(mask, np.ndarray) and mask.dtype.kind in 'iu':
        mask = mask != 0  # of any order of bytes
    if isinstance(mask, np.ndarray):
        mask = np.ascontiguousarray(mask)  # torch takes no negative strides
    mask = torch.as_tensor(mask, device=like.device)
    if mask.is_floating_point() or mask.is_complex():
        raise TypeError(
            f'mask: expected bool or integers, got {mask.dtype}; threshold it first (mask > 0.5)'
        )
    inside = mask != 0
    if mask.ndim == 4 and mask.shape[1] == 1:
        inside = inside[:, 0]
    if mask.ndim == 2:
        inside = inside[None]
    if inside.ndim != 3 or len(inside) not in (1, len(like)) or inside.shape[1:] != like.shape[1:]:
        raise ValueError(f'mask: {_shape(mask)} does not fit images of {_shape(like)}')
    return inside


def _shape(image: Array) -> str:
    return ' x '.join(str(side) for side in image.shape)
