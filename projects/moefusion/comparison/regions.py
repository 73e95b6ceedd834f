"""Regions of an image that are scored: whole, foreground (inside boxes) and background."""

from __future__ import annotations

import numpy as np
import torch

from moefusion.files import Annotation
from moefusion.image import boxes_to_mask
from moefusion.metrics import REGIONS

__all__ = ['REGIONS', 'foreground_mask']


def foreground_mask(annotation: Annotation, width: int, height: int) -> np.ndarray:
    """Pixels that a box touches (paper, section D), ``H x W``, ``bool``.

    Objects marked difficult or crowd are no foreground, as in training and in ``FusionMetric``.
    """
    objects = annotation.usable(width, height)
    boxes = objects.boxes[~np.array(objects.ignored, dtype=bool)]
    return boxes_to_mask(torch.from_numpy(boxes), height, width)[0].bool().numpy()
