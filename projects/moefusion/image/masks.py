"""Foreground masks of images from boxes."""

import torch
from torch import Tensor


def boxes_to_mask(boxes: Tensor, height: int, width: int) -> Tensor:
    """The foreground mask I_m of one image (paper, equations 7 and 8).

    Args:
        boxes (Tensor): M x 4 (x1, y1, x2, y2) in pixels, x2 and y2 exclusive; parts outside the
            image and boxes without area are ignored.
        height (int): of the image.
        width (int): of the image.

    Returns:
        Tensor: 1 x H x W, float32: 1 in every pixel that a box touches, else 0.
    """
    mask = torch.zeros(1, height, width, device=boxes.device)
    for x1, y1, x2, y2 in boxes.tolist():
        if x2 <= x1 or y2 <= y1:
            continue
        left, top = max(int(x1 // 1), 0), max(int(y1 // 1), 0)
        right, bottom = max(int(-(-x2 // 1)), 0), max(int(-(-y2 // 1)), 0)
        mask[:, top:bottom, left:right] = 1
    return mask
