"""What fusing one pair gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample

from moefusion.metrics import fusion_metrics
from moefusion.visualization import FusionPicture
from moefusion.visualization.prediction import fused_image, fusion_picture


@dataclass
class FusionResult:
    """One fused pair.

    Attributes:
        name (str): stem of the visible file, or the pair's place in the call.
        visible (np.ndarray): H x W x 3, uint8, R, G, B: the visible image.
        infrared (np.ndarray): H x W, uint8: the infrared image.
        gray (np.ndarray): H x W, uint8: the fused image I_F.
        color (np.ndarray): H x W x 3, uint8, R, G, B: I_F with the visible image's colour.
        attention (np.ndarray): H x W, float32 in [0, 1]: the merged attention map.
        gates (dict[str, np.ndarray]): each mixture's gate weights, E values that sum to 1.
        metrics (dict[str, float], optional): the eight fusion metrics, where asked for.
    """

    name: str
    visible: np.ndarray
    infrared: np.ndarray
    gray: np.ndarray
    color: np.ndarray
    attention: np.ndarray
    gates: dict[str, np.ndarray]
    metrics: dict[str, float] | None = None

    @property
    def picture(self) -> FusionPicture:
        """FusionPicture: a row for :func:`moefusion.visualization.draw_fusion`."""
        return FusionPicture(
            self.name, self.visible, self.infrared, self.color, self.attention, self.gates
        )


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
        try:
            scores = fusion_metrics(result.visible, result.infrared, result.gray)
        except ValueError as error:
            raise ValueError(f'{sample.img_path}: {error}') from error
        result.metrics = {name: float(value) for name, value in scores.items()}
    return result
