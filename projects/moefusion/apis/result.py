"""What became of a pair, from the model's prediction."""

from __future__ import annotations

from pathlib import Path

import torch
from mmdet.structures import DetDataSample

from moefusion.runtime.result import FusionResult
from moefusion.visualization.prediction import fused_image, fusion_picture


def make_result(pair: torch.Tensor, sample: DetDataSample, metrics: bool) -> FusionResult:
    """What became of one pair.

    Args:
        pair (torch.Tensor): 4 x H x W, uint8, B, G, R, infrared.
        sample (DetDataSample): the prediction of ``MoEFusion``.
        metrics (bool): whether to score the fused image.

    Raises:
        ValueError: if it is too small to be scored; the pair is named.
    """
    shown = fusion_picture(pair, sample)
    result = FusionResult(
        Path(sample.img_path).stem,
        shown.visible,
        shown.infrared,
        fused_image(sample, color=False),
        shown.fused,
        shown.attention,
        dict(shown.gates),
    )
    if metrics:
        result.score(sample.img_path)
    return result
