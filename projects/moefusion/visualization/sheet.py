"""Sheets that compare methods: a row for each pair, a column for each image, boxes enlarged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch

from moefusion.image import sobel_gradient
from moefusion.visualization.grid import LINE, image_grid, to_image

Box = Sequence[float]  # x1, y1, x2, y2 in pixels
WIDTH = 3.2  # of a column in inches
SHARE = 0.22  # of an image's height and width that a found box has
COLORS = dict(red=(225, 30, 30), green=(30, 180, 60))  # in the paper objects and background


def find_boxes(images: Sequence[np.ndarray]) -> dict[str, Box]:
    """Where images differ most: the red box; where they differ most outside of it: the green one.

    Detail counts, not the level of a whole region: each image is taken less its blurred self. They
    are two or more of one pair, H x W x 3, uint8.
    """
    gray = [image.mean(axis=2) for image in images]
    height, width = gray[0].shape
    detail = [image - cv2.GaussianBlur(image, (0, 0), max(height, width) / 50) for image in gray]
    high, wide = max(1, round(SHARE * height)), max(1, round(SHARE * width))
    sums = cv2.boxFilter(np.std(detail, axis=0), -1, (wide, high), anchor=(0, 0), normalize=False)
    sums = sums[: height - high + 1, : width - wide + 1]
    boxes: dict[str, Box] = {}
    for color in COLORS:
        y, x = (int(value) for value in np.unravel_index(sums.argmax(), sums.shape))
        boxes[color] = [x, y, x + wide, y + high]
        sums[max(0, y - high + 1) : y + high, max(0, x - wide + 1) : x + wide] = -1
    return boxes


def enlarge(image: np.ndarray, boxes: Mapping[str, Box]) -> np.ndarray:
    """An image with boxes drawn, and below it what is in them, side by side, each in its colour.

    Image and result are H x W x 3, uint8, R, G, B; the boxes stand by ``'red'`` and ``'green'``.

    Raises:
        ValueError: if a box has another colour, or nothing of it is in the image.
    """
    height, width = image.shape[:2]
    line = max(2, width // 200)
    drawn, crops = image.copy(), []
    for color, box in boxes.items():
        x1, x2 = (min(max(round(value), 0), width) for value in box[0::2])
        y1, y2 = (min(max(round(value), 0), height) for value in box[1::2])
        if color not in COLORS or x2 <= x1 or y2 <= y1:
            raise ValueError(
                f'box {color} {list(box)}: give red or green, and x1, y1, x2, y2 inside the '
                f'image of {width} x {height} pixels'
            )
        cv2.rectangle(drawn, (x1, y1), (x2 - 1, y2 - 1), COLORS[color], line)
        size = max(1, width // len(boxes)), max(1, width // len(boxes) * (y2 - y1) // (x2 - x1))
        crop = cv2.resize(image[y1:y2, x1:x2], size, interpolation=cv2.INTER_CUBIC)
        crops.append(
            cv2.rectangle(crop, (0, 0), (size[0] - 1, size[1] - 1), COLORS[color], 2 * line)
        )
    if not crops:
        return drawn
    strip = np.full((max(crop.shape[0] for crop in crops), width, 3), 255, np.uint8)
    for number, crop in enumerate(crops):
        start = number * crop.shape[1]
        strip[: crop.shape[0], start : start + crop.shape[1]] = crop
    return np.vstack([drawn, strip])


def sobel_maps(images: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Gradients of one pair's images (paper, B.2), on one scale so that they compare.

    Images and results are H x W x 3, uint8; white is the 99.5th percentile over all images.
    """
    maps = {
        name: sobel_gradient(torch.from_numpy(image.mean(axis=2))[None, None])[0, 0].numpy()
        for name, image in images.items()
    }
    limit = max(np.percentile(np.stack(list(maps.values())), 99.5), 1e-6)
    return {
        name: (255 * np.minimum(values / limit, 1)).astype(np.uint8)[..., None].repeat(3, axis=2)
        for name, values in maps.items()
    }


def draw_sheet(rows: Mapping[str, Mapping[str, np.ndarray]], width: float = WIDTH) -> np.ndarray:
    """Draw images H x W x 3, uint8 (R, G, B) in rows and columns.

    They stand by the row's name, then by their own, which may have several lines. ``width`` is that
    of a column in inches, at 100 dots an inch.
    """
    first = [next(iter(images.values())) for images in rows.values()]
    ratios = [image.shape[0] / image.shape[1] for image in first]
    columns = max(len(images) for images in rows.values())
    lines = 1 + max(name.count('\n') for images in rows.values() for name in images)
    figure, grid = image_grid(ratios, columns, width, below=lines * LINE, left=LINE)
    for line, (stem, images) in zip(grid, rows.items()):
        for axes, (name, image) in zip(line, images.items()):
            axes.imshow(image, interpolation='antialiased')
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel(name, fontsize=9, parse_math=False)
        for axes in line[len(images) :]:
            axes.set_axis_off()
        line[0].set_ylabel(stem, fontsize=9, parse_math=False)
    return to_image(figure)
