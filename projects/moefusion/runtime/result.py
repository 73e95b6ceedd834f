"""What fusing one pair gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moefusion.extras import need

if TYPE_CHECKING:
    from moefusion.visualization import FusionPicture


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
        return need('moefusion.visualization', 'a picture').FusionPicture(
            self.name, self.visible, self.infrared, self.color, self.attention, self.gates
        )

    def score(self, path: str) -> dict[str, float]:
        """Fill in the metrics, and return them.

        Raises:
            ValueError: if the pair is too small to be scored; ``path`` names it.
            ImportError: without PyTorch.
        """
        metrics = need('moefusion.metrics', 'scoring')
        try:
            scores = metrics.fusion_metrics(self.visible, self.infrared, self.gray)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error
        self.metrics = {name: float(value) for name, value in scores.items()}
        return self.metrics
