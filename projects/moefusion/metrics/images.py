"""One image (or batch) under evaluation, with the work that several metrics share done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from moefusion.metrics.inputs import Array, to_gray_batch, to_mask_batch

Result = TypeVar('Result')


class GrayImages:
    """Gray ``uint8`` images of one size, and what the metrics derive from them.

    Every metric takes one of these wherever it takes an array or a tensor. Make it once and pass
    it again to score many methods against the same sources: their edges and local statistics are
    then computed once.

    Args:
        image (ndarray | Tensor): as for :func:`moefusion.metrics.fusion_metrics`.
        mask (ndarray | Tensor, optional): Pixels outside it become 0 (paper, section D).
        name (str): How error messages call the image.
        keep (bool): Keep what only further fused images would need. Costs memory, and time if
            there are none.

    Example:
        >>> from moefusion.metrics import fusion_metrics
        >>> images = torch.randint(256, (4, 64, 64), dtype=torch.uint8)
        >>> visible, infrared = GrayImages(images[0]), GrayImages(images[1])
        >>> scores = [fusion_metrics(visible, infrared, fused) for fused in images[2:]]
    """

    def __init__(
        self, image: Array, mask: Mask = None, name: str = 'image', keep: bool = True
    ) -> None:
        self.levels = to_gray_batch(image, name)
        self.single = isinstance(image, np.ndarray) or image.ndim == 2
        if mask is not None:
            self.levels = self.levels * to_mask_batch(mask, self.levels)
        self._keep = keep
        self._derived: dict[tuple[Any, ...], Any] = {}

    @classmethod
    def of(cls, image: Image, mask: Mask, name: str) -> GrayImages:
        """Return ``image`` itself if the caller prepared it, else prepare it for one use."""
        if not isinstance(image, GrayImages):
            return cls(image, mask, name, keep=False)
        if mask is not None:
            raise ValueError(
                f'{name}: give the mask to GrayImages, not to the metric, '
                'when the image is a GrayImages'
            )
        return image

    @property
    def shape(self) -> torch.Size:
        """``(N, H, W)``."""
        return self.levels.shape

    @property
    def pixels(self) -> int:
        """Pixels H W of one image."""
        return self.levels[0].numel()

    def zeros(self) -> Tensor:
        """Where a sum over strips starts: N zeros, ``float64``."""
        return self.levels.new_zeros(len(self.levels), dtype=torch.float64)

    def shared(self, function: Callable[..., Result], *args: object) -> Result:
        """Return ``function(self, *args)``, kept because several metrics need it."""
        key = (function, *args)
        if key not in self._derived:
            self._derived[key] = function(self, *args)
        result: Result = self._derived[key]
        return result

    def reused(self, function: Callable[..., Result], *args: object) -> Result:
        """Return ``function(self, *args)``, which one metric needs once for each fused image."""
        return self.shared(function, *args) if self._keep else function(self, *args)

    def result(self, values: Tensor) -> float | Tensor:
        """Return N values as they leave a metric: a float for one image, a tensor for a batch."""
        return float(values) if self.single else values


Image: TypeAlias = Array | GrayImages
Mask: TypeAlias = Array | None


def prepare(
    visible: Image, infrared: Image, fused: Image, mask: Mask
) -> tuple[GrayImages, GrayImages, GrayImages]:
    """Check and prepare a triple of images that must have one size and one device."""
    first, second, last = (
        GrayImages.of(image, mask, name)
        for name, image in (('visible', visible), ('infrared', infrared), ('fused', fused))
    )
    for name, image in (('visible', first), ('infrared', second)):
        if image.shape != last.shape:
            raise ValueError(
                f'{name} and fused must agree in size (N, H, W), got {tuple(image.shape)} and '
                f'{tuple(last.shape)}'
            )
        if image.levels.device != last.levels.device:
            raise ValueError(
                f'{name} is on {image.levels.device} but fused on {last.levels.device}'
            )
    return first, second, last
