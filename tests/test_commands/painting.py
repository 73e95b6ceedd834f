"""Pictures of noise in files."""

import cv2
import numpy as np


def paint(path, width, height, channels=3, dtype=np.uint8):
    image = (
        np.random.default_rng(width * height)
        .integers(0, 256, (height, width, channels), dtype=np.uint8)
        .squeeze(2 if channels == 1 else ())
    )
    assert cv2.imwrite(str(path), image.astype(dtype))
    return image


def paint_pairs(folders, *stems, size=(20, 18)):
    for stem in stems:
        paint(folders[0] / f'{stem}.png', *size)
        paint(folders[1] / f'{stem}.png', *size, 1)


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
