"""Fronts of houses: bricks and shop windows for the eye, warm and cool panes for infrared."""

import numpy as np
from numpy.random import Generator

from moefusion.synthetic.sprite import Sprite

BRICKS = [
    (0.36, 0.42, 0.60), (0.55, 0.62, 0.68), (0.42, 0.52, 0.62), (0.60, 0.58, 0.55),
    (0.45, 0.50, 0.48), (0.62, 0.70, 0.74),
]  # fmt: skip


def facade(rng: Generator, length: float, tall: float, detail: float) -> Sprite:
    """Draw the front of a house, ``length`` by ``tall`` metres: bricks, windows, a shop below.

    ``detail`` is the number of pixels for a metre.
    """
    art = Sprite(length, tall, detail)
    rows, columns = art.look.shape[:2]
    paint = np.array(BRICKS[rng.integers(len(BRICKS))])
    dirt = 1 + 0.10 * art.noise(rng, 60) + 0.05 * art.noise(rng, 3, 1)
    warmth = rng.uniform(0.26, 0.34)
    wall = np.ones((rows, columns), np.float32)
    course = np.where(np.arange(rows) % 6 == 0, 0.88, 1.0)[:, None]
    art.paint(wall, paint * (dirt * course)[..., None], warmth + 0.1 * (dirt - 1))
    floors, bays = int((tall - 3.4) // 3), int(length // 2.4)
    step = length / max(bays, 1)
    for floor in range(floors):
        for bay in range(bays):
            x, y = (bay + 0.5) * step, tall - 3.6 - 3 * floor
            lit = rng.random() < 0.35
            frame = art.box(x - 0.68, y - 2.0, x + 0.68, y - 0.4)
            art.paint(frame, (0.82, 0.84, 0.84), warmth + 0.03)
            shade = rng.uniform(0.6, 1.3)
            glow = np.array([0.30, 0.62, 0.80]) * rng.uniform(0.5, 1.0) * lit
            glass = np.array([0.42, 0.34, 0.26]) * shade
            pane = art.box(x - 0.58, y - 1.9, x + 0.58, y - 0.5)
            art.paint(pane, glass, warmth + rng.choice([-0.05, 0.08]), glow)
            art.paint(art.box(x - 0.03, y - 1.9, x + 0.03, y - 0.5), (0.8, 0.8, 0.8), warmth)
    awning = rng.uniform(0.1, 0.7, 3)
    art.paint(art.box(0.4, tall - 2.7, length - 0.4, tall - 0.4), (0.25, 0.22, 0.18), warmth - 0.03)
    if rng.random() < 0.6:
        shop = art.box(0.6, tall - 2.4, length * 0.6, tall - 0.6)
        art.paint(shop, (0.36, 0.42, 0.45), warmth + 0.02, (0.20, 0.42, 0.52))
    art.paint(art.box(0.2, tall - 3.1, length - 0.2, tall - 2.6), awning, warmth)
    art.paint(art.box(0, 0, length, 0.35), paint * 0.7, warmth - 0.03)  # cornice
    return art
