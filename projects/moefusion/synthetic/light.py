"""How the two cameras see a painted scene: day, night, smoke, glare; and their noise."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator

from moefusion.synthetic.backdrop import Camera
from moefusion.synthetic.sprite import Array, floats, noise

Lamps = Sequence[tuple[float, float, float, float]]

CONDITIONS = ('day', 'night', 'smoke', 'glare')


def visible_camera(
    rng: Generator, color: Array, glow: Array, lights: Lamps, condition: str, camera: Camera
) -> Array:
    """Return the visible image, float B, G, R in [0, 1].

    ``color`` is the scene in plain daylight, ``glow`` its own light, both (H, W, 3). A lamp is
    (u, v, foot, size): pixel of the light, row of the foot, pixels per metre.
    """
    if condition in ('night', 'glare'):
        ambient = rng.uniform(0.035, 0.06) if condition == 'night' else rng.uniform(0.14, 0.2)
        light: Array = np.full(color.shape[:2], ambient, np.float32)
        halo: Array = np.zeros(color.shape[:2], np.float32)
        for u, v, foot, size in lights:
            light += 0.42 * _pool(color.shape, u, foot, 2.6 * size, 0.7 * size)
            light += 0.22 * _pool(color.shape, u, (v + foot) / 2, 1.3 * size, 2.2 * size)
            halo += _pool(color.shape, u, v, 0.5 * size, 0.5 * size)
        image = color * light[..., None] * floats([1.12, 1.0, 0.95])
        image += 0.9 * glow + 0.5 * _blur(glow, color.shape[1] / 60)
        image += halo[..., None] * floats([0.30, 0.5, 0.6])
        if condition == 'glare':
            image = _dazzle(image, glow)
    else:
        image = color * np.float32(rng.uniform(0.88, 1.05))
        image += 0.35 * glow * (glow.max(axis=2, keepdims=True) > 0.55)
    if condition == 'smoke':
        image = _smoke(rng, image, camera)
    grain = np.float32(0.016 if condition in ('night', 'glare') else 0.009)
    return np.clip(image, 0, 1) + grain * rng.standard_normal(image.shape, np.float32)


def infrared_camera(rng: Generator, heat: Array, condition: str) -> Array:
    """Return the infrared image in [0, 1]: soft, with read-out stripes, the same in the dark."""
    warm = {'day': 0.05, 'smoke': 0.03, 'glare': 0.0, 'night': -0.05}[condition]
    image = np.where(heat < 0.5, 1.35 * (heat - 0.3) + 0.3 + warm, heat).astype(np.float32)
    image = cv2.GaussianBlur(image, (0, 0), 1.1)
    image += 0.06 * _blur(np.maximum(image - 0.6, 0), 8)
    image += np.float32(0.006) * rng.standard_normal((1, image.shape[1]), np.float32)
    return image + np.float32(0.014) * rng.standard_normal(image.shape, np.float32)


def _pool(shape: Sequence[int], u: float, v: float, wide: float, tall: float) -> Array:
    """Return a soft elliptic spot with peak 1."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    across = np.exp(-(((x - u) / max(wide, 1)) ** 2)).astype(np.float32)
    return across * np.exp(-(((y - v) / max(tall, 1)) ** 2)).astype(np.float32)


def _blur(image: Array, wide: float, tall: float | None = None) -> Array:
    """Blur with a large Gaussian, at a quarter of the resolution."""
    size = image.shape[1], image.shape[0]
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigmaX=wide / 4, sigmaY=(tall or wide) / 4)
    return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)


def _dazzle(image: Array, glow: Array) -> Array:
    """Add the bloom and the streaks of white lamps that face the camera."""
    source = np.maximum(glow.min(axis=2) - 0.5, 0) * 2
    unit = image.shape[1] / 640
    bloom = 5.0 * _blur(source, 90 * unit, 3 * unit)
    for sigma, gain in ((9, 4.0), (30, 14.0), (75, 36.0)):
        bloom += gain * _blur(source, sigma * unit)
    veil = 1 - np.exp(-1.6 * bloom)
    return image + veil[..., None] * (floats([0.92, 0.98, 1.0]) - image)


def _smoke(rng: Generator, image: Array, camera: Camera) -> Array:
    """Hide part of the visible image behind drifting smoke."""
    rows, columns = image.shape[:2]
    swirl = noise(rng, rows, columns, columns / 3, 6)
    u, v = rng.uniform(0.3, 0.7) * columns, camera.horizon + rng.uniform(0.0, 0.18) * rows
    cloud = _pool(image.shape, u, v, 0.42 * columns, 0.36 * rows)
    alpha = cv2.GaussianBlur(np.clip(1.55 * cloud + 0.55 * swirl - 0.28, 0, 0.97), (0, 0), 3)
    tone = 0.72 + 0.10 * noise(rng, rows, columns, columns / 6, 4)
    gray = tone[..., None] * floats([1.0, 0.99, 0.97])
    return image + alpha[..., None] * (gray - image)
