"""Fuses one large pair by the model within fixed memory: detectors see it smaller, then strips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from moefusion.fusion.strips import fuse_in_strips
from moefusion.models import MoEFusion
from moefusion.models.one_pair import attend, to_gray, to_images
from moefusion.runtime.result import FusionResult
from moefusion.runtime.strips import enlarge, shrink

ROWS = 256  # of an image that are floats at a time


@torch.no_grad()
def fuse_large(
    model: MoEFusion, visible: np.ndarray, infrared: np.ndarray, path: str, device: torch.device
) -> FusionResult:
    """What became of one pair, as :class:`moefusion.Fuser` fuses such a one.

    The model is in evaluation mode, on ``device``; the images are H x W x 3 (R, G, B) and H x W,
    uint8; the result is named after ``path``.
    """
    seen = [torch.from_numpy(image).to(device) for image in shrink(visible, infrared)]
    merged = attend(model, *seen).float().cpu().numpy()
    attention = enlarge(merged, *infrared.shape)
    sources = [torch.from_numpy(image).to(device) for image in (visible, infrared)]
    gray = torch.cat([to_gray(rows) for rows in sources[0].split(ROWS)], dim=2)
    prior = torch.from_numpy(attention)[None, None].to(device)
    heat = sources[1][None, None] / 255
    fused, gatings = fuse_in_strips(model.fusion, gray, heat, prior, {})
    del gray, heat, prior
    levels, color = np.empty_like(infrared), np.empty_like(visible)
    for start in range(0, len(infrared), ROWS):
        rows = slice(start, start + ROWS)
        shown, colored = to_images(fused[..., rows, :].float(), sources[0][rows])
        levels[rows] = (shown * 255).round().to(torch.uint8).cpu().numpy()
        color[rows] = colored.cpu().numpy()
    gates = {name: gatings[name].weights[0].cpu().numpy() for name in model.fusion.gates()}
    return FusionResult(Path(path).stem, visible, infrared, levels, color, attention, gates)
