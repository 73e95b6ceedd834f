"""Fuses images of any size within fixed memory by an exported network, strip by strip."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from moefusion.windows import CELLS, Window, windows

PAIR = 'visible', 'infrared'
LARGEST_SEEN = 1 << 21  # pixels that the detectors get to see


class Step(enum.IntEnum):
    """What an exported network does in one run, by its input ``step``."""

    WHOLE = 0  # all, on a whole pair
    ATTEND = 1  # the attention of a whole pair
    LOCAL = 2  # what the local gates see of a strip, given the attention
    GLOBAL = 3  # what the global gate sees of it, given the local gates' decisions
    FUSE = 4  # the strip's images, given all decisions


Run = Callable[..., dict[str, np.ndarray]]


@dataclass(frozen=True)
class StripFuser:
    """Fuses a pair strip by strip, with the result of the whole.

    Three rounds: the local gates' pooled features, the global gate's, the images. A strip sees as
    many rows more as the network reaches, so there is no seam to hide.

    Attributes:
        run (Callable): runs one step of the network: ``run(step, outputs, **inputs)`` gives the
            outputs by name.
        gates (Sequence[str]): the gates' names, in the network's order.
        stride (int): the side of a cell in pixels.
        reach (int): how many cells the network looks further than a cell, on either side.
        experts (int): of all gates together.
        cells (int): about how many a strip has.
    """

    run: Run
    gates: Sequence[str]
    stride: int
    reach: int
    experts: int
    cells: int = 2 * CELLS  # 4000 pixels wide, the halo adds 14 %; with half as many 28 %

    def __call__(
        self, visible: np.ndarray, infrared: np.ndarray, **average: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Fuse a pair.

        Args:
            visible (np.ndarray): H x W x 3, uint8, R, G, B.
            infrared (np.ndarray): H x W, uint8.
            **average (np.ndarray): the network's inputs ``share`` and ``previous``, if any.

        Returns:
            dict[str, np.ndarray]: all that the network gives of a whole pair.
        """
        images = dict(zip(PAIR, (visible, infrared)))
        seen = self.run(Step.ATTEND, ['attention'], **dict(zip(PAIR, shrink(visible, infrared))))
        images['prior'] = enlarge(seen['attention'], *infrared.shape)
        height, width = (-(-size // self.stride) for size in infrared.shape)
        strips = windows(height, width, self.reach, self.cells)
        weights: dict[str, np.ndarray] = {}
        logits = [np.zeros(0, np.float32)]
        for step in (Step.LOCAL, Step.GLOBAL):
            names = [name for name in self.gates if (name == 'global') == (step == Step.GLOBAL)]
            found = {'new_means': np.zeros(1, np.float32)}
            for window in strips if names else ():
                inputs = self._cut(images, window) | average
                inputs |= {'window': np.array(window), 'means': found['new_means']}
                if step == Step.GLOBAL:
                    inputs['chosen'] = self._chosen(weights)
                found = self.run(step, ['new_means', 'logits', *names], **inputs)
            weights |= {name: found[name] for name in names}
            logits += [found['logits']] if names else []
        fused, color = np.empty(infrared.shape, np.float32), np.empty(visible.shape, np.uint8)
        chosen = self._chosen(weights)
        for window in strips:
            inputs = self._cut(images, window)
            strip = self.run(Step.FUSE, ['fused', 'color'], **inputs, chosen=chosen)
            rows = slice(window.start * self.stride, window.stop * self.stride)
            fused[rows] = strip['fused'][window.inner(self.stride)]
            color[rows] = strip['color'][window.inner(self.stride)]
        made = dict(fused=fused, color=color, attention=images['prior'])
        return made | {'logits': np.concatenate(logits)} | weights

    def _cut(self, images: dict[str, np.ndarray], window: Window) -> dict[str, np.ndarray]:
        """A strip of each image with its halo."""
        rows = window.outer(self.reach, self.stride)
        return {name: image[rows] for name, image in images.items()}

    def _chosen(self, weights: dict[str, np.ndarray]) -> np.ndarray:
        """The weights of all gates' experts in a row; 0 for gates yet to decide."""
        known = np.concatenate([np.zeros(0, np.float32), *weights.values()])
        return np.pad(known, (0, self.experts - len(known)))


def shrink(visible: np.ndarray, infrared: np.ndarray) -> list[np.ndarray]:
    """A pair as its detectors see it: of at most :data:`LARGEST_SEEN` pixels.

    Their memory would grow with the image, and they learned on images of a third of a megapixel.
    """
    height, width = infrared.shape
    scale = (LARGEST_SEEN / (height * width)) ** 0.5
    if scale >= 1:
        return [visible, infrared]
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    return [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in (visible, infrared)]


def enlarge(attention: np.ndarray, height: int, width: int) -> np.ndarray:
    """The attention map of a pair that :func:`shrink` made smaller at the pair's own size."""
    if attention.shape == (height, width):
        return attention
    return cv2.resize(attention, (width, height), interpolation=cv2.INTER_LINEAR)
