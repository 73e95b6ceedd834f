"""The street itself in perspective: camera, sky, road, pavement and rows of houses."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from moefusion.synthetic.facade import facade
from moefusion.synthetic.sprite import Array, Color, Patch, Points, floats, noise

KERB, HOUSES = 4.0, 7.5  # metres from the middle of the road


@dataclass
class Camera:
    """Pinhole camera above the road; x to the right, y up from the ground, z ahead, in metres."""

    width: int
    height: int
    horizon: float
    middle: float
    above: float = 1.6

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return 0.85 * self.width

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Return the pixel (u, v) of a point."""
        return self.middle + self.focal * x / z, self.horizon + self.focal * (self.above - y) / z


def sky(rng: Generator, camera: Camera, color: Array, emit: Array) -> None:
    """Paint the whole canvas with sky: clouds for the eye, cold in infrared."""
    rows, columns = color.shape[:2]
    down = np.clip(np.arange(rows, dtype=np.float32) / camera.horizon, 0, 1)[:, None]
    high, low = floats([0.80, 0.58, 0.38]), floats([0.90, 0.86, 0.80])
    color[:] = high + (low - high) * down[..., None]
    squeeze = cv2.resize(noise(rng, rows, columns // 3, columns / 10, 4), (columns, rows))
    clouds = np.clip(squeeze * 1.1 + rng.uniform(-0.3, 0.3), 0, 1) * np.float32(0.75)
    color += clouds[..., None] * (floats([0.94, 0.94, 0.95]) - color)
    emit[..., 3] = 0.04 + 0.12 * down**2 + 0.05 * clouds


def ground(rng: Generator, camera: Camera, color: Array, emit: Array) -> None:
    """Paint road, lane marks, kerb and pavement below the horizon."""
    first = int(camera.horizon)
    rows, columns = color.shape[0] - first, color.shape[1]
    v, u = np.mgrid[first : first + rows, :columns].astype(np.float32) + np.float32(0.5)
    z = np.float32(camera.focal * camera.above) / np.maximum(v - np.float32(camera.horizon), 0.7)
    x = (u - np.float32(camera.middle)) * z / np.float32(camera.focal)
    # How many metres a pixel spans, to the side and ahead.
    across, along = z / np.float32(camera.focal), z * z / np.float32(camera.focal * camera.above)
    grain = _sample(noise(rng, 512, 512, 4, 3), x * 40, z * 40) * np.clip(1.2 - z / 18, 0, 1)
    patches = _sample(noise(rng, 512, 512, 128, 3), x * 16, z * 16)
    tone = 0.33 + 0.05 * patches + 0.09 * grain
    look = tone[..., None] * floats([1.02, 1.0, 0.98])
    heat = 0.30 + 0.03 * patches + 0.012 * grain
    rough = 1 + 0.6 * grain[..., None]

    def lay(mask: Array, paint: Color, warm: float | Array) -> None:
        look[:] += mask[..., None] * (np.asarray(paint, np.float32) * rough - look)
        heat[:] += mask * (warm + 0.02 * patches - heat)

    def band(middle: float, half: float) -> Array:
        return np.clip((half - np.abs(x - middle)) / across + 0.5, 0, 1)

    white = (0.86, 0.88, 0.88)
    phase = np.float32(rng.uniform(0, 6))
    dash = np.clip((1.5 - np.abs((z + phase) % 6 - 3)) / along + 0.5, 0, 1)
    lines = np.maximum(band(-3.6, 0.07), band(3.6, 0.07))
    lay(np.maximum(band(0, 0.09) * dash, lines), white, 0.265)
    if rng.random() < 0.5:  # zebra crossing
        middle = np.float32(rng.uniform(7.5, 15.5))
        stretch = np.clip((1.5 - np.abs(z - middle)) / along + 0.5, 0, 1)
        stripes = np.clip((0.25 - np.abs((x + 50) % 1.0 - 0.5)) / across + 0.5, 0, 1)
        lay(stretch * stripes * band(0, 3.4), white, 0.265)
    slab = np.maximum(_joints(z, along), _joints(x, across))
    pavement = floats([0.56, 0.59, 0.60]) - np.float32(0.14) * slab[..., None]
    lay(np.clip((np.abs(x) - KERB) / across + 0.5, 0, 1), pavement, 0.27 - 0.02 * slab)
    edge = np.abs(np.abs(x) - KERB - 0.1)
    lay(np.clip((0.1 - edge) / across + 0.5, 0, 1), (0.70, 0.72, 0.72), 0.25)
    color[first:], emit[first:, :, 3] = look, heat


def houses(rng: Generator, camera: Camera) -> Iterator[Patch]:
    """Yield the patches of both rows of houses, each row from far to near."""
    sunny = rng.choice([-1, 1])
    for side in (-1, 1):
        fronts: list[tuple[float, float, float, bool]] = []
        z = rng.uniform(2.0, 4.0)
        while z < 90:
            length = rng.uniform(7, 15)
            tall = rng.uniform(6.5, 15)
            hidden = bool(fronts) and fronts[-1][1] == z and fronts[-1][2] > tall
            fronts.append((z, z + length, tall, hidden))
            z += length + (rng.uniform(2, 6) if rng.random() < 0.3 else 0)
        for near, far, tall, hidden in reversed(fronts):
            light = (1.0 if side == sunny else 0.72) * (1 - 0.3 * min(near, 60) / 60)
            inner, outer = side * HOUSES, side * (HOUSES + 8)
            walls = [((inner, near), (outer, near), 0.8), ((inner, near), (inner, far), 1.0)]
            # The wall towards the camera is out of sight behind a taller neighbour.
            for start, end, shade in walls[hidden:]:
                ends = (start, end) if side > 0 else (end, start)
                patch = _wall(rng, camera, ends, tall, light * shade)
                if patch is not None:
                    yield patch


def _wall(rng: Generator, camera: Camera, ends: Points, tall: float, light: float) -> Patch | None:
    """Return the patch of a house front between two points (x, z), None if out of sight."""
    (x1, z1), (x2, z2) = ends
    corners = [(x1, tall, z1), (x2, tall, z2), (x2, 0, z2), (x1, 0, z1)]
    target = floats([camera.project(*corner) for corner in corners])
    left, top = np.maximum(np.floor(target.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(target.max(axis=0)).astype(int)
    size = min(int(right), camera.width) - int(left), min(int(bottom), camera.height) - int(top)
    if min(size) < 1:
        return None
    detail = np.clip(0.8 * camera.focal / min(z1, z2), 6, 18)
    art = facade(rng, np.hypot(x2 - x1, z2 - z1), tall, detail)
    rows, columns = art.look.shape[:2]
    source = floats([(0, 0), (columns, 0), (columns, rows), (0, rows)])
    matrix = cv2.getPerspectiveTransform(source, target - floats([left, top]))
    look, emit = (cv2.warpPerspective(layer, matrix, size) for layer in (art.look, art.emit))
    look[..., :3] *= light
    return Patch(int(left), int(top), look, emit)


def _sample(tile: Array, x: Array, y: Array) -> Array:
    """Look up a tile that repeats in both directions."""
    rows, columns = tile.shape
    across, down = (
        np.abs((k + n) % (2 * n) - n).astype(np.float32)
        for k, n in ((x, columns - 1), (y, rows - 1))
    )
    return cv2.remap(tile, across, down, cv2.INTER_LINEAR)


def _joints(metres: Array, pixel: Array) -> Array:
    """Return dark joints at every metre, faded out where a pixel spans too much of one."""
    gap = 0.5 - np.abs(metres % 1.0 - 0.5)
    return np.clip(1 - gap / np.maximum(pixel, 0.02), 0, 1) * np.clip(1.5 - 6 * pixel, 0, 1)
