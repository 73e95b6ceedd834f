"""The labelled objects: people and cars, warm in infrared, textured in the visible."""

import numpy as np
from numpy.random import Generator

from moefusion.synthetic.sprite import Array, Color, Points, Sprite

CLOTHES = [
    (0.25, 0.18, 0.14), (0.16, 0.16, 0.18), (0.42, 0.22, 0.12), (0.15, 0.18, 0.55),
    (0.35, 0.42, 0.32), (0.62, 0.60, 0.58), (0.20, 0.42, 0.62), (0.45, 0.20, 0.38),
]  # fmt: skip
SKIN = [(0.55, 0.68, 0.88), (0.38, 0.52, 0.74), (0.20, 0.30, 0.46)]
PAINT = [
    (0.78, 0.78, 0.78), (0.10, 0.10, 0.11), (0.48, 0.46, 0.44), (0.13, 0.13, 0.62),
    (0.52, 0.26, 0.12), (0.30, 0.36, 0.22), (0.20, 0.55, 0.75),
]  # fmt: skip
RUBBER, GLASS, LAMP = (0.05, 0.05, 0.05), (0.30, 0.25, 0.20), (0.88, 0.95, 1.0)
TAIL = (0.08, 0.08, 0.75)


def person(rng: Generator) -> Sprite:
    """Draw somebody who stands or walks."""
    tall = rng.uniform(1.55, 1.9)
    wide = 0.62 * tall
    art = Sprite(wide, tall, 110)
    top, trousers = (np.array(CLOTHES[i]) for i in rng.choice(len(CLOTHES), 2, replace=False))
    skin = SKIN[rng.integers(len(SKIN))]
    hair = np.array([(0.06, 0.07, 0.09), (0.12, 0.20, 0.32)][rng.integers(2)])
    stride, swing = rng.uniform(0.03, 0.17) * tall, rng.uniform(0.04, 0.12) * tall
    x, shoulder, hip, knee = wide / 2, 0.19 * tall, 0.50 * tall, 0.74 * tall
    grain = 1 + 0.16 * art.noise(rng, 10)
    warm = 0.03 * art.noise(rng, 24)

    def put(mask: Array, color: Color, heat: float) -> None:
        art.paint(mask, np.asarray(color) * grain[..., None], heat + warm)

    for side, shade in ((-1, 0.75), (1, 1.0)):  # the far leg and arm are in the shade
        foot = x + side * stride
        leg = [(x + side * 0.03, hip), (x + side * stride * 0.7, knee), (foot, 0.965 * tall)]
        put(art.limb(leg, 0.085 * tall), trousers * shade, 0.70)
        put(art.ellipse(foot + 0.02, 0.978 * tall, 0.05 * tall, 0.021 * tall), RUBBER, 0.55)
        hand = (x - side * swing * 1.3 - side * 0.02, 0.50 * tall)
        elbow = (hand[0] - side * 0.04, 0.36 * tall)
        arm = [(x - side * 0.085 * tall, shoulder + 0.03), elbow, hand]
        if side < 0:
            put(art.limb(arm, 0.062 * tall), top * shade, 0.74)
            put(art.ellipse(*hand, 0.028 * tall, 0.032 * tall), skin, 0.93)
    half = [(0.115, 0.185), (0.10, 0.36), (0.098, 0.53)]
    # from the left shoulder on: another start would draw another edge
    body = [(-0.115, 0.185), *half, *((-a, b) for a, b in half[:0:-1])]
    put(art.polygon([(x + a * tall, b * tall) for a, b in body]), top, 0.80)
    put(art.box(x - 0.004, 0.2 * tall, x + 0.004, 0.5 * tall), top * 0.6, 0.8)  # zip
    put(art.limb(arm, 0.062 * tall), top * 0.9, 0.76)
    put(art.ellipse(*hand, 0.028 * tall, 0.032 * tall), skin, 0.94)
    if rng.random() < 0.35:  # a bag hides some of the warmth
        strap = np.array(CLOTHES[rng.integers(len(CLOTHES))])
        put(art.box(x - 0.16 * tall, 0.30 * tall, x - 0.06 * tall, 0.46 * tall), strap, 0.45)
    put(art.box(x - 0.03 * tall, 0.14 * tall, x + 0.03 * tall, 0.2 * tall), skin, 0.95)
    put(art.ellipse(x, 0.085 * tall, 0.056 * tall, 0.078 * tall), skin, 0.98)
    crown = art.ellipse(x, 0.062 * tall, 0.06 * tall, 0.058 * tall)
    crown[int(0.085 * tall * art.scale) :] = 0
    put(crown, hair, 0.82)
    return art


def car_end(rng: Generator, front: bool) -> Sprite:
    """Draw a car that drives away from the camera or towards it."""
    wide, tall = rng.uniform(1.7, 1.9), rng.uniform(1.4, 1.75)
    art = Sprite(wide, tall, 110)
    color = np.array(PAINT[rng.integers(len(PAINT))])
    engine = rng.uniform(0.62, 0.9)
    grain = 1 + 0.05 * art.noise(rng, 30)
    shine = np.linspace(1.18, 0.72, art.look.shape[0], dtype=np.float32)[:, None] * grain

    def put(
        mask: Array, color: Color, heat: float, glow: Color = (0.0, 0.0, 0.0), flat: bool = False
    ) -> None:
        art.paint(mask, np.asarray(color) * (1 if flat else shine[..., None]), heat, glow)

    def both(x1: float, y1: float, x2: float, y2: float) -> Array:
        left = art.box(x1 * wide, y1 * tall, x2 * wide, y2 * tall)
        return np.maximum(left, left[:, ::-1])

    put(both(0.05, 0.74, 0.21, 1.0), RUBBER, rng.uniform(0.58, 0.75), flat=True)
    put(both(0.18, 0.80, 0.50, 0.90), (0.03, 0.03, 0.03), 0.72, flat=True)  # warm below the floor
    roof = [(0.24, 0.02), (0.76, 0.02), (0.90, 0.40), (0.985, 0.50), (0.985, 0.84)]
    roof += [(1 - x, y) for x, y in reversed(roof[2:])]
    put(art.polygon([(x * wide, y * tall) for x, y in roof]), color, 0.36)
    window = [(0.26, 0.07), (0.74, 0.07), (0.84, 0.38), (0.16, 0.38)]
    glass = art.polygon([(x * wide, y * tall) for x, y in window])
    put(glass, GLASS, 0.27)
    put(both(0.34, 0.22, 0.42, 0.38), np.array(GLASS) * 0.6, 0.30)  # seats
    put(both(0.02, 0.70, 0.50, 0.84), color * 0.55, 0.42)  # bumper
    if front:
        put(both(0.06, 0.42, 0.50, 0.50), color * 1.1, engine * 0.8)  # bonnet
        put(both(0.30, 0.54, 0.50, 0.66), (0.07, 0.07, 0.07), engine)  # grille
        put(both(0.05, 0.52, 0.23, 0.63), LAMP, 0.60, (0.9, 0.97, 1.0), flat=True)
    else:
        put(both(0.03, 0.48, 0.17, 0.63), TAIL, 0.45, (0.06, 0.08, 0.85), flat=True)
        put(both(0.20, 0.66, 0.50, 0.665), color * 0.4, 0.36)  # boot lid
        pipe = art.ellipse(0.28 * wide, 0.88 * tall, 0.05, 0.04)
        put(pipe, (0.1, 0.1, 0.1), 0.97, flat=True)
    put(both(0.39, 0.68, 0.50, 0.75), (0.85, 0.86, 0.84), 0.33, flat=True)  # plate
    put(both(0.43, 0.70, 0.47, 0.735), (0.1, 0.1, 0.1), 0.33, flat=True)
    return art


def car_side(rng: Generator) -> Sprite:
    """Draw a car that crosses the road."""
    wide, tall = rng.uniform(3.9, 4.6), rng.uniform(1.4, 1.6)
    art = Sprite(wide, tall, 90)
    color = np.array(PAINT[rng.integers(len(PAINT))])
    engine = rng.uniform(0.6, 0.85)
    grain = 1 + 0.05 * art.noise(rng, 40)
    shine = np.linspace(1.2, 0.7, art.look.shape[0], dtype=np.float32)[:, None] * grain
    along = np.linspace(0, 1, art.look.shape[1], dtype=np.float32)[None]

    def shape(points: Points) -> Array:
        return art.polygon([(x * wide, y * tall) for x, y in points])

    outline = [(0.02, 0.82), (0.01, 0.58), (0.06, 0.46), (0.26, 0.40), (0.38, 0.06), (0.68, 0.03)]
    outline += [(0.86, 0.36), (0.97, 0.44), (0.99, 0.62), (0.98, 0.82)]
    # The engine in front warms bonnet and wing.
    heat = 0.33 + (engine - 0.33) * np.clip(1 - along / 0.3, 0, 1)
    art.paint(shape(outline), color * shine[..., None], heat + np.zeros_like(shine))
    for window in (
        [(0.31, 0.40), (0.405, 0.11), (0.53, 0.09), (0.53, 0.40)],
        [(0.56, 0.40), (0.56, 0.09), (0.67, 0.09), (0.80, 0.38)],
    ):
        art.paint(shape(window), np.array(GLASS) * shine[..., None], 0.26)
    for x in (0.545, 0.30, 0.79):
        gap = art.limb([(x * wide, 0.42 * tall), (x * wide, 0.8 * tall)], 0.015)
        art.paint(gap, color * 0.5, 0.34)
    art.paint(shape([(0.03, 0.76), (0.97, 0.76), (0.97, 0.84), (0.03, 0.84)]), color * 0.4, 0.45)
    for x in (0.46, 0.70):
        handle = art.box(x * wide, 0.50 * tall, (x + 0.045) * wide, 0.525 * tall)
        art.paint(handle, color * 0.45, 0.33)
    lamp = shape([(0.015, 0.50), (0.07, 0.48), (0.07, 0.57), (0.012, 0.58)])
    art.paint(lamp, LAMP, 0.5, (0.7, 0.76, 0.8))
    tail = shape([(0.955, 0.46), (0.985, 0.48), (0.99, 0.60), (0.965, 0.58)])
    art.paint(tail, TAIL, 0.42, (0.05, 0.06, 0.6))
    wheel = 0.325
    for x in (0.19, 0.80):
        for radius, shade, warm in ((1.12, 0.03, 0.5), (1.0, 0.06, 0.66), (0.62, 0.55, 0.78)):
            disc = art.ellipse(x * wide, tall - wheel, wheel * radius, wheel * radius)
            if radius > 1:
                disc[int((tall - wheel * 0.4) * art.scale) :] = 0
            art.paint(disc, (shade, shade, shade), warm)
        for angle in range(0, 180, 36):
            spoke = art.ellipse(x * wide, tall - wheel, wheel * 0.55, 0.022, angle)
            art.paint(spoke, (0.2, 0.2, 0.2), 0.7)
    return art.flip() if rng.random() < 0.5 else art
