"""Composes one street scene: who stands where, what hides what, and the boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from moefusion.synthetic import actors, backdrop, light, props
from moefusion.synthetic.sprite import Array, Patch, Sprite

Box = tuple[int, int, int, int]

ZOOM = 2  # drawn larger, then averaged: smooth edges
SEEN = 0.4  # an object less visible than this share is left out
SMALLEST = 6  # pixels, for the shorter side of a box


@dataclass
class Pair:
    """A rendered pair; an object is a class and what can be seen of it, past things in front."""

    visible: Array  # H x W x 3, uint8, B, G, R
    infrared: Array  # H x W, uint8, brighter is warmer
    objects: list[tuple[str, Box]]  # boxes x1, y1, x2, y2 in pixels, half-open
    condition: str


@dataclass
class _Thing:
    """A sprite at its place on the canvas."""

    name: str
    z: float
    u: float
    foot: float
    scale: float
    patch: Patch


def render_pair(rng: Generator, width: int, height: int, condition: str) -> Pair:
    """Draw one pair.

    Args:
        rng (Generator): decides everything about the scene.
        width (int): in pixels.
        height (int): in pixels.
        condition (str): one of ``CONDITIONS``.
    """
    rows, columns = ZOOM * height, ZOOM * width
    camera = backdrop.Camera(
        columns, rows, rows * rng.uniform(0.40, 0.47), columns * rng.uniform(0.38, 0.62)
    )
    color, emit = np.zeros((rows, columns, 3), np.float32), np.zeros((rows, columns, 4), np.float32)

    def blend(patch: Patch) -> None:
        clear = 1 - patch.look[..., 3:]
        color[patch.area] = color[patch.area] * clear + patch.look[..., :3]
        emit[patch.area] = emit[patch.area] * clear + patch.emit

    backdrop.sky(rng, camera, color, emit)
    backdrop.ground(rng, camera, color, emit)
    for wall in backdrop.houses(rng, camera):
        blend(wall)
    things = sorted(_things(rng, camera, condition), key=lambda thing: -thing.z)
    things, objects = _visible_parts(things, rows, columns)
    for thing in things:
        _shadow(color, thing, 0.55 if condition in ('day', 'smoke') else 0.3)
        blend(thing.patch)
    lights = [(t.u, t.foot - 5.2 * t.scale, t.foot, t.scale) for t in things if t.name == 'lamp']
    visible = light.visible_camera(rng, color, emit[..., :3], lights, condition, camera)
    infrared = light.infrared_camera(rng, emit[..., 3], condition)
    size = (width, height)
    visible, infrared = (
        np.clip(np.round(cv2.resize(i, size, interpolation=cv2.INTER_AREA) * 255), 0, 255)
        for i in (visible, infrared)
    )
    return Pair(visible.astype(np.uint8), infrared.astype(np.uint8), objects, condition)


def _things(rng: Generator, camera: backdrop.Camera, condition: str) -> Iterator[_Thing]:
    """Yield everything that stands on the ground."""

    def put(name: str, sprite: Sprite, x: float, z: float) -> _Thing:
        u, foot = camera.project(x, 0, z)
        scale = camera.focal / z
        patch = sprite.place(u, foot, scale, camera.width, camera.height)
        return _Thing(name, z, u, foot, scale, patch)

    for side in (-1, 1):
        z = rng.uniform(7, 12)
        while z < 60:
            sprite = props.lamp(rng)
            if side > 0:
                sprite.flip()
            yield put('lamp', sprite, side * 4.0, z)
            if rng.random() < 0.75:
                yield put('tree', props.tree(rng), side * rng.uniform(5.6, 6.8), z + 5)
            z += rng.uniform(14, 22)
    if rng.random() < 0.8:
        sign = props.sign(rng)
        yield put('sign', sign, rng.choice([-1, 1]) * rng.uniform(4.5, 5.0), rng.uniform(7, 14))
    for view, x in (('rear', 1.9), ('front', -1.9)):
        z = rng.uniform(6, 14)
        dazzles = condition == 'glare' and view == 'front'
        while z < 32:
            if rng.random() < 0.55 or dazzles:
                car = actors.car_end(rng, view == 'front')
                yield put('Car', car, x + rng.uniform(-0.3, 0.3), z)
                dazzles = False
            z += rng.uniform(8, 14)
    if rng.random() < 0.3:
        yield put('Car', actors.car_side(rng), rng.uniform(-4, 4), rng.uniform(14, 24))
    for _ in range(rng.integers(2, 6)):
        z = rng.uniform(4.5, 24)
        aside = rng.random() < 0.6
        x = rng.choice([-1, 1]) * rng.uniform(4.4, 6.2) if aside else rng.uniform(-3, 3)
        sprite = actors.person(rng)
        if rng.random() < 0.5:
            sprite.flip()
        yield put('People', sprite, x, z)


def _visible_parts(
    things: Sequence[_Thing], rows: int, columns: int
) -> tuple[list[_Thing], list[tuple[str, Box]]]:
    """Drop labelled things that others hide; return the rest and the boxes of what shows."""
    free, kept, objects = np.ones((rows, columns), np.float32), [], []
    for thing in reversed(things):  # near to far
        area, cover = thing.patch.area, thing.patch.look[..., 3]
        if thing.name in ('People', 'Car'):
            seen = np.zeros_like(free)
            seen[area] = cover * free[area]
            box = _tight_box(seen)
            if box is None or seen.sum() < SEEN * cover.sum():
                continue
            objects.append((thing.name, box))
        free[area] *= 1 - cover
        kept.append(thing)
    return kept[::-1], objects[::-1]


def _tight_box(seen: Array) -> Box | None:
    """Return the half-open box, in pixels of the final image, around what covers half a pixel."""
    size = seen.shape[1] // ZOOM, seen.shape[0] // ZOOM
    solid = cv2.resize(seen, size, interpolation=cv2.INTER_AREA) >= 0.5
    down, across = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    if min(len(down), len(across)) < SMALLEST:
        return None
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def _shadow(color: Array, thing: _Thing, depth: float) -> None:
    """Darken the ground where a thing stands."""
    if thing.name == 'lamp':
        return
    half = {'Car': 1.0, 'People': 0.35, 'tree': 0.9, 'sign': 0.2}[thing.name] * thing.scale
    flat = half * 0.22 + 1
    top, left = max(0, int(thing.foot - 2 * flat)), max(0, int(thing.u - 2 * half))
    part = color[top : max(0, int(thing.foot + 2 * flat)), left : max(0, int(thing.u + 2 * half))]
    y, x = np.ogrid[: part.shape[0], : part.shape[1]]
    away = ((x + left - thing.u) / half) ** 2 + ((y + top - thing.foot + 1) / flat) ** 2
    part *= (1 - depth * np.clip(1.3 - away, 0, 1))[..., None]
