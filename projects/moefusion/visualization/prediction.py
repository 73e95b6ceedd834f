"""Turns a predicted data sample into images: uint8, at the size that went in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from moefusion.visualization.fusion_picture import FusionPicture

if TYPE_CHECKING:
    from mmdet.structures import DetDataSample


def fused_image(sample: DetDataSample, color: bool = True) -> np.ndarray:
    """The fused image of ``MoEFusion``'s prediction, as it is written to a file.

    H x W x 3 (R, G, B) with the visible image's ``color``, or H x W; uint8; clipped and rounded,
    never stretched.
    """
    image = (sample.fused_color if color else sample.fused).data
    levels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return levels if color else levels[..., 0]


def fusion_picture(pair: Tensor, sample: DetDataSample) -> FusionPicture:
    """One row of :func:`draw_fusion` from ``MoEFusion``'s prediction for a pair.

    The pair is as the loader packed it, 4 x H x W (B, G, R, infrared), 0 to 255.
    """
    pixels = pair.cpu().to(torch.uint8).numpy()
    return FusionPicture(
        title=Path(sample.img_path).name,
        visible=pixels[2::-1].transpose(1, 2, 0),
        infrared=pixels[3],
        fused=fused_image(sample),
        attention=sample.attention.data[0].cpu().numpy(),
        gates={name: weights.cpu().numpy() for name, weights in sample.gates.items()},
    )
