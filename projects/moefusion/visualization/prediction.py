"""Turns a predicted data sample into images: uint8, at the size that went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from moefusion.image import colorize
from moefusion.visualization.fusion_picture import FusionPicture


def fused_image(pair: Tensor, sample: DetDataSample, color: bool = True) -> np.ndarray:
    """The fused image as it is written to a file.

    Args:
        pair (Tensor): the pair as the loader packed it, 4 x H x W (B, G, R, infrared), 0 to 255.
        sample (DetDataSample): ``MoEFusion``'s prediction for it.
        color (bool): whether it takes the visible image's colour. Defaults to True.

    Returns:
        np.ndarray: H x W x 3 (R, G, B) or H x W, uint8; clipped and rounded, never stretched.
    """
    fused = sample.fused.data.cpu()
    if not color:
        return (fused[0] * 255).round().to(torch.uint8).numpy()
    rgb = pair[:3].flip(0).float().cpu() / 255
    image = colorize(fused[None], rgb[None])[0]
    return (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def fusion_picture(pair: Tensor, sample: DetDataSample, score_thr: float = 0.5) -> FusionPicture:
    """One row of :func:`moefusion.visualization.fusion_picture.draw_fusion` from a prediction.

    Args:
        pair (Tensor): the pair as the loader packed it, 4 x H x W (B, G, R, infrared), 0 to 255.
        sample (DetDataSample): ``MoEFusion``'s prediction for it.
        score_thr (float): detections are drawn from this score on. Defaults to 0.5.
    """
    pixels = pair.cpu().to(torch.uint8).numpy()
    boxes = []
    if 'pred_instances' in sample:
        found = sample.pred_instances
        boxes = found.bboxes[found.scores >= score_thr].cpu().numpy()
        boxes = boxes * np.tile(np.divide(sample.img_shape[1::-1], sample.ori_shape[1::-1]), 2)
    return FusionPicture(
        title=Path(sample.img_path).name,
        visible=pixels[2::-1].transpose(1, 2, 0),
        infrared=pixels[3],
        fused=fused_image(pair, sample),
        attention=sample.attention.data[0].cpu().numpy(),
        gates={name: weights.cpu().numpy() for name, weights in sample.gates.items()},
        boxes=boxes,
    )
