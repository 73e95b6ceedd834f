"""What became of a pair, from the model's prediction."""

from __future__ import annotations

from pathlib import Path

import torch
from mmdet.structures import DetDataSample

from moefusion.runtime.result import FusionResult
from moefusion.visualization.prediction import fused_image


def make_result(pair: torch.Tensor, sample: DetDataSample, metrics: bool) -> FusionResult:
    """What became of one pair.

    Args:
        pair (torch.Tensor): 4 x H x W, uint8, B, G, R, infrared.
        sample (DetDataSample): the prediction of ``MoEFusion``.
        metrics (bool): whether to score the fused image.

    Raises:
        ValueError: if it is too small to be scored; the pair is named.
    """
    pixels = pair.numpy()
    result = FusionResult(
        name=Path(sample.img_path).stem,
        visible=pixels[2::-1].transpose(1, 2, 0),
        infrared=pixels[3],
        gray=fused_image(sample, color=False),
        color=fused_image(sample),
        attention=sample.attention.data[0].cpu().numpy(),
        gates={name: weights.cpu().numpy() for name, weights in sample.gates.items()},
    )
    if metrics:
        result.score(sample.img_path)
    return result
