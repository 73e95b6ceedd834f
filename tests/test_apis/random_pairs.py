"""Pairs of noise."""

import numpy as np


def random_pair(height, width):
    rng = np.random.default_rng(height * width)
    return (
        rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        rng.integers(0, 256, (height, width), dtype=np.uint8),
    )
