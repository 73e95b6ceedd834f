"""What the metrics accept: checks of type, shape and range, one gray layout for all of them."""

import numpy as np
import torch
from torch import Tensor

from moefusion.metrics.gray import rgb_to_gray

Image = np.ndarray | Tensor

PROTOCOLS = ('literature', 'standard')


def check_protocol(protocol: str) -> bool:
    """Return whether ``protocol`` is ``'literature'``; raise ``ValueError`` on an unknown one."""
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be 'literature' or 'standard', got {protocol!r}")
    return protocol == 'literature'


def to_gray_batch(image: Image, name: str = 'image') -> Tensor:
    """Check one image or batch and return it as gray ``uint8``, ``N x H x W``.

    Args:
        image (ndarray | Tensor): ``uint8``; ``H x W`` gray or, for arrays, ``H x W x 3`` (RGB);
            for tensors also a batch ``N x 1 x H x W`` (gray) or ``N x 3 x H x W`` (RGB).
        name (str): How error messages call the image.

    Raises:
        TypeError: For anything but ``uint8``: the protocols are defined on 8-bit levels, and a
            silent conversion would change the numbers.
        ValueError: For another shape, or a side of fewer than two pixels.
    """
    if isinstance(image, np.ndarray):
        _check_type(image.dtype == np.uint8, image.dtype, name)
        if image.ndim == 3 and image.shape[2] == 3:
            batch = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        elif image.ndim == 2:
            batch = torch.from_numpy(np.ascontiguousarray(image))[None, None]
        else:
            raise ValueError(
                f'{name}: an array must be H x W (gray) or H x W x 3 (RGB), got {_shape(image)}'
            )
    elif isinstance(image, Tensor):
        _check_type(image.dtype == torch.uint8, image.dtype, name)
        if image.ndim == 4 and image.shape[1] in (1, 3):
            batch = image
        elif image.ndim == 2:
            batch = image[None, None]
        else:
            raise ValueError(
                f'{name}: a tensor must be H x W, N x 1 x H x W (gray) or '
                f'N x 3 x H x W (RGB), got {_shape(image)}'
            )
    else:
        raise TypeError(
            f'{name}: expected a numpy array or a torch tensor, got {type(image).__name__}'
        )
    if batch.shape[0] < 1 or min(batch.shape[2:]) < 2:
        raise ValueError(f'{name}: needs at least one image of 2 x 2 pixels, got {_shape(image)}')
    return (rgb_to_gray(batch) if batch.shape[1] == 3 else batch[:, 0]).contiguous()


def to_mask_batch(mask: Image, like: Tensor) -> Tensor:
    """Check a mask and return it as ``bool``, ``N x H x W`` (or ``1 x H x W`` for all of them).

    Args:
        mask (ndarray | Tensor): ``bool``, or integers where anything but 0 is inside; ``H x W``,
            or with one mask an image ``N x H x W`` or ``N x 1 x H x W``.
        like (Tensor): The ``N x H x W`` images it is for.
    """
    mask = torch.as_tensor(mask, device=like.device)
    if mask.is_floating_point() or mask.is_complex():
        raise TypeError(
            f'mask: expected bool or integers, got {mask.dtype}; threshold it first (mask > 0.5)'
        )
    shape = _shape(mask)
    if mask.ndim == 4 and mask.shape[1] == 1:
        mask = mask[:, 0]
    if mask.ndim == 2:
        mask = mask[None]
    fits = mask.ndim == 3 and mask.shape[0] in (1, len(like)) and mask.shape[1:] == like.shape[1:]
    if not fits:
        raise ValueError(f'mask: {shape} does not fit images of {_shape(like)}')
    return mask != 0


def is_single(image: Image) -> bool:
    """Whether the image is one image (its metrics are floats), not a batch."""
    return isinstance(image, np.ndarray) or image.ndim == 2


def _check_type(is_uint8: bool, dtype, name: str) -> None:
    if not is_uint8:
        raise TypeError(
            f'{name}: the metrics are defined on 8-bit images, expected uint8 in 0..255, got '
            f'{dtype}; bring it to 8 bits yourself, e.g. (image.clip(0, 1) * 255).round() for '
            'floats in [0, 1], image // 257 for 16-bit levels, then cast to uint8'
        )


def _shape(image: Image) -> str:
    return ' x '.join(str(side) for side in image.shape)
