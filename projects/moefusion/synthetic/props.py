"""What stands along the street: trees, lamps, signs; cool in infrared, textured in the visible."""

import cv2
import numpy as np
from numpy.random import Generator

from moefusion.synthetic.sprite import Array, Sprite

STEEL = (0.42, 0.41, 0.40)


def tree(rng: Generator) -> Sprite:
    """Draw a tree."""
    tall = rng.uniform(4.5, 8.0)
    wide = tall * rng.uniform(0.55, 0.75)
    art = Sprite(wide, tall, 28)
    rows, columns = art.look.shape[:2]
    bark = np.array([0.16, 0.22, 0.28]) * (1 + 0.3 * art.noise(rng, 8, 2))[..., None]
    trunk = [(wide / 2, tall), (wide / 2 + rng.uniform(-0.1, 0.1), tall * 0.45)]
    art.paint(art.limb(trunk, 0.05 * tall), bark, 0.30)
    crown: Array = np.zeros((rows, columns), np.float32)
    for _ in range(16):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.26)
        x, y = wide / 2 + np.cos(angle) * reach * wide, tall * 0.36 + np.sin(angle) * reach * tall
        radius = rng.uniform(0.10, 0.19) * wide
        crown = np.maximum(crown, art.ellipse(x, y, radius, radius) / 255.0)
    leaves = art.noise(rng, 10, 3)
    ragged = np.clip((cv2.GaussianBlur(crown, (0, 0), 3) + 0.25 * leaves - 0.35) * 6, 0, 1)
    green = np.array([(0.16, 0.40, 0.26), (0.12, 0.34, 0.30), (0.20, 0.45, 0.38)][rng.integers(3)])
    light = np.linspace(1.25, 0.6, rows)[:, None] * (1 + 0.55 * leaves)
    art.paint(ragged, np.clip(green * light[..., None], 0, 1), 0.21 + 0.03 * leaves)
    return art


def lamp(rng: Generator) -> Sprite:
    """Draw a street lamp, its arm to the right."""
    tall, wide = rng.uniform(5.0, 6.0), 1.6
    art = Sprite(wide, tall, 50)
    art.paint(art.limb([(0.1, tall), (0.1, 0.35)], 0.10), STEEL, 0.24)
    art.paint(art.limb([(0.1, 0.4), (0.35, 0.15), (1.35, 0.12)], 0.07), STEEL, 0.24)
    art.paint(art.ellipse(1.25, 0.17, 0.28, 0.09), (0.75, 0.9, 0.95), 0.55, (0.55, 0.85, 1.0))
    return art


def sign(rng: Generator) -> Sprite:
    """Draw a traffic sign; its print is for the eye alone, infrared sees a plain plate."""
    tall, wide = rng.uniform(2.3, 2.7), 0.8
    art = Sprite(wide, tall, 120)
    art.paint(art.limb([(0.4, tall), (0.4, 0.4)], 0.06), STEEL, 0.25)
    kind = rng.integers(3)
    white, red, blue = (0.93, 0.93, 0.93), (0.12, 0.10, 0.78), (0.65, 0.30, 0.08)
    if kind == 0:  # speed limit
        art.paint(art.ellipse(0.4, 0.4, 0.38, 0.38), red, 0.27)
        art.paint(art.ellipse(0.4, 0.4, 0.30, 0.30), white, 0.27)
        digits = np.zeros(art.look.shape[:2], np.uint8)
        text = str(rng.choice([30, 50, 70]))
        cv2.putText(digits, text, (22, 61), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 6, cv2.LINE_AA)
        art.paint(digits, (0.05, 0.05, 0.05), 0.27)
    elif kind == 1:  # warning
        art.paint(art.polygon([(0.4, 0.02), (0.79, 0.72), (0.01, 0.72)]), red, 0.27)
        art.paint(art.polygon([(0.4, 0.18), (0.67, 0.65), (0.13, 0.65)]), white, 0.27)
        art.paint(art.limb([(0.4, 0.33), (0.4, 0.48)], 0.06), (0.05, 0.05, 0.05), 0.27)
        art.paint(art.ellipse(0.4, 0.58, 0.035, 0.035), (0.05, 0.05, 0.05), 0.27)
    else:  # one way
        art.paint(art.box(0.02, 0.12, 0.78, 0.66), blue, 0.27)
        arrow = [(0.1, 0.33), (0.45, 0.33), (0.45, 0.2), (0.7, 0.39)]
        arrow += [(0.45, 0.58), (0.45, 0.45), (0.1, 0.45)]
        art.paint(art.polygon(arrow), white, 0.27)
    return art
