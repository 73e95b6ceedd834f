"""Steadies the gates over a video's frames, and measures how much the fused video flickers."""

from __future__ import annotations

import math

import cv2
import numpy as np

from moefusion.files.reading import bgr_to_gray
from moefusion.runtime.fuser import Fuser
from moefusion.runtime.result import FusionResult

SMALLEST = 32  # rows or columns; OpenCV fails at the flow of smaller frames


class SteadyFuser:
    """Fuses the frames of one video; the gates choose by logits that are averaged over time.

    The average is exponential: after a cut, ``seconds`` later 63 % of it is of the new scene. A
    frame that comes a time t after the one before has the share 1 - exp(-t / ``seconds``).

    Args:
        fuser (Fuser): what fuses; it may serve other videos at the same time.
        seconds (float): the time constant; 0 takes each frame alone. Defaults to 1.

    Raises:
        ValueError: if ``seconds`` is negative.
    """

    def __init__(self, fuser: Fuser, seconds: float = 1.0) -> None:
        if not seconds >= 0:
            raise ValueError(f'the time constant must be 0 or more seconds, but is {seconds}')
        self.fuser, self.seconds = fuser, seconds
        self._logits: np.ndarray | None = None
        self._time = 0.0

    def __call__(self, visible: np.ndarray, infrared: np.ndarray, time: float) -> FusionResult:
        """Fuse the next frame.

        Args:
            visible (np.ndarray): H x W x 3, uint8, R, G, B.
            infrared (np.ndarray): H x W, uint8.
            time (float): in seconds, from any start.
        """
        share = 1.0
        if self._logits is not None and self.seconds:
            share = -math.expm1(min(self._time - time, 0) / self.seconds)
        result, self._logits = self.fuser.fuse_frame(visible, infrared, share, self._logits)
        self._time = time
        return result


class Flicker:
    """Mean absolute change from frame to frame along the motion, in gray levels of 255.

    The frame before is warped to the new one by the optical flow of both sources (dense inverse
    search), as in the warping error of Lai et al., Learning Blind Video Temporal Consistency.

    Attributes:
        names (tuple[str, ...]): what :meth:`means` gives: of both sources and the fused image; and
            ``flicker``, by how much the fused image changes more than either source does there.
    """

    names = 'visible', 'infrared', 'fused', 'flicker'

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: list[np.ndarray] = []
        self._sums, self._count = np.zeros(len(self.names)), 0

    def add(self, result: FusionResult) -> None:
        """Take in the next frame; one of another size than the one before begins anew."""
        sources = [bgr_to_gray(result.visible[..., ::-1]), result.infrared]
        images = [*sources, result.gray, cv2.addWeighted(sources[0], 0.5, sources[1], 0.5, 0)]
        if self._before and self._before[0].shape == sources[0].shape:
            changes = [
                cv2.absdiff(image, before)
                for image, before in zip(images, self._warped(images[-1]))
            ]
            changes.append(cv2.subtract(changes[2], cv2.max(changes[0], changes[1])))
            self._sums += [change.mean() for change in changes]
            self._count += 1
        self._before = images

    def means(self) -> dict[str, float]:
        """Over all frames; nothing of fewer than two."""
        return dict(zip(self.names, (self._sums / self._count).tolist())) if self._count else {}

    def _warped(self, mean: np.ndarray) -> list[np.ndarray]:
        """The sources and the fused image before, moved to where their things are now."""
        *before, mean_before = self._before
        if min(mean.shape) < SMALLEST:
            return before
        rows, columns = np.indices(mean.shape, np.float32)
        flow = self._flow.calc(mean, mean_before, None)
        places = columns + flow[..., 0], rows + flow[..., 1]
        return [
            cv2.remap(image, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for image in before
        ]
