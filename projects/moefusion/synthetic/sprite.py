"""Sprite: something drawn once at a fixed scale, in colour and heat, to be pasted at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Color: TypeAlias = tuple[float, float, float] | Array
Points: TypeAlias = Sequence[tuple[float, float]]


@dataclass
class Patch:
    """A sprite at its final size and place: ``look`` and ``emit`` from pixel (x, y) on."""

    x: int
    y: int
    look: Array
    emit: Array

    @property
    def area(self) -> tuple[slice, slice]:
        """The slices of the canvas it covers."""
        rows, columns = self.look.shape[:2]
        return slice(self.y, self.y + rows), slice(self.x, self.x + columns)


class Sprite:
    """A drawing with an outline, premultiplied by its coverage; width and height are in metres.

    Attributes:
        width, height, scale (float): in metres, and the pixels for one.
        look (np.float32, (H, W, 4)): colour B, G, R in [0, 1] and coverage.
        emit (np.float32, (H, W, 4)): light of its own B, G, R and heat, both in [0, 1].
    """

    def __init__(self, width: float, height: float, scale: float) -> None:
        self.width, self.height, self.scale = width, height, scale
        size = int(np.ceil(height * self.scale)), int(np.ceil(width * self.scale)), 4
        self.look: Array = np.zeros(size, np.float32)
        self.emit: Array = np.zeros(size, np.float32)

    def paint(
        self, mask: Array, color: Color, heat: float | Array, glow: Color = (0.0, 0.0, 0.0)
    ) -> None:
        """Paint over what is there.

        Args:
            mask: coverage (H, W), uint8 or in [0, 1].
            color: B, G, R, or an array (H, W, 3).
            heat: number or array (H, W).
            glow: light of its own, B, G, R or an array (H, W, 3).
        """
        solid = mask if mask.dtype == np.uint8 else (mask > 0).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(solid)
        if not width:
            return
        part = slice(y, y + height), slice(x, x + width)
        mask = mask[part] / np.float32(255 if mask.dtype == np.uint8 else 1)
        for layer, values, last in ((self.look, color, 1), (self.emit, glow, heat)):
            values, last = (
                np.asarray(value, np.float32)[part if np.ndim(value) > 1 else ...]
                for value in (values, last)
            )
            layer[part][..., :3] += mask[..., None] * (values - layer[part][..., :3])
            layer[part][..., 3] += mask * (last - layer[part][..., 3])

    def polygon(self, points: Points) -> Array:
        """Return the coverage of a polygon; points are (x, y) in metres, y down from the top."""
        mask = np.zeros(self.look.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._pixels(points)], 255, cv2.LINE_AA, 4)
        return mask

    def box(self, x1: float, y1: float, x2: float, y2: float) -> Array:
        """Return the coverage of a rectangle, in metres."""
        return self.polygon([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])

    def limb(self, points: Points, width: float) -> Array:
        """Return the coverage of a thick line with round ends, in metres."""
        mask = np.zeros(self.look.shape[:2], np.uint8)
        thickness = max(1, round(width * self.scale))
        cv2.polylines(mask, [self._pixels(points)], False, 255, thickness, cv2.LINE_AA, 4)
        return mask

    def ellipse(self, x: float, y: float, rx: float, ry: float, angle: float = 0) -> Array:
        """Return the coverage of an ellipse, in metres and degrees."""
        mask = np.zeros(self.look.shape[:2], np.uint8)
        centre, axes = self._pixels([(x, y), (rx, ry)])
        cv2.ellipse(mask, centre, axes, angle, 0, 360, 255, -1, cv2.LINE_AA, 4)
        return mask

    def flip(self) -> Sprite:
        """Mirror left and right, and return itself."""
        self.look, self.emit = self.look[:, ::-1].copy(), self.emit[:, ::-1].copy()
        return self

    def place(self, u: float, foot: float, scale: float, width: int, height: int) -> Patch:
        """Put it on a canvas of ``width`` x ``height``, ``scale`` pixels to the metre.

        ``u`` is where its middle comes to lie, ``foot`` its lower end.
        """
        x, y = round(u - self.width / 2 * scale), round(foot - self.height * scale)
        size = max(1, round(u + self.width / 2 * scale) - x), max(1, round(foot) - y)
        how = cv2.INTER_AREA if size[1] < self.look.shape[0] else cv2.INTER_LINEAR
        left, top = max(0, -x), max(0, -y)
        layers = [
            cv2.resize(layer, size, interpolation=how)[
                top : max(0, height - y), left : max(0, width - x)
            ]
            for layer in (self.look, self.emit)
        ]
        return Patch(x + left, y + top, *layers)

    def noise(self, rng: Generator, cell: float, octaves: int = 4) -> Array:
        """Return :func:`noise` of the drawing's size."""
        rows, columns = self.look.shape[:2]
        return noise(rng, rows, columns, cell, octaves)

    def _pixels(self, points: Points) -> Array:
        """Return metres as OpenCV's fixed-point pixels with 4 fractional bits."""
        return np.round(np.asarray(points) * self.scale * 16).astype(np.int32)


def noise(rng: Generator, height: int, width: int, cell: float, octaves: int = 4) -> Array:
    """Return smooth noise in about [-1, 1]; ``cell`` is its largest grain in pixels."""
    total: Array = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        grain = max(1.0, cell / 2**octave)
        shape = int(height / grain) + 2, int(width / grain) + 2
        grid = rng.standard_normal(shape, np.float32)
        size = int(grid.shape[1] * grain), int(grid.shape[0] * grain)
        big = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
        total += big[:height, :width] / 2**octave
    return total / 2


def floats(values: Any) -> Array:
    """Numbers as ``float32``, which every layer here is."""
    return np.array(values, np.float32)
