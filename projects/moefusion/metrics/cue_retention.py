"""How much of what only one camera shows survives in a fused image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moefusion.image import filter_rows_and_columns, gaussian_window

# Cues of less contrast in their source are left out: levels of gray and of chroma.
GRAY_FLOOR, CHROMA_FLOOR = 3.0, 2.0
SOURCES = ('visible', 'infrared')
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Cue:
    """Something that one source shows clearly and the other hardly shows."""

    source: str  # 'visible' or 'infrared', the camera that shows it
    box: tuple[float, float, float, float]  # x, y, width, height in pixels
    coloured: bool = False  # whether its colour counts as well, as of lamps and traffic lights


def cue_retention(
    visible: Image, infrared: Image, fused: Image, cues: Sequence[Cue]
) -> list[dict[str, float]]:
    """The share of each cue that the fused image keeps, in gray and in colour.

    Of each image a Gaussian mean is taken off (sigma: half of the box's geometric mean side, 3 to
    24 pixels), so that neither brightness nor slow shading counts. In the box, widened by half (at
    least 4 pixels a side), the fused rest is regressed on the source's. What is kept is the slope,
    cut to [0, 1], times their correlation over 0.5 where that is below 1. A contrast raised
    above the source's counts as 1: stretching earns nothing.

    Args:
        visible (ndarray): H x W x 3, uint8, R, G, B.
        infrared (ndarray): H x W, uint8.
        fused (ndarray): H x W x 3 (R, G, B) or H x W, uint8.
        cues (Sequence[Cue]): what to look for.

    Returns:
        list[dict[str, float]]: for each cue ``gray`` and ``colour`` from 0 (lost) to 1 (kept). The
        plain mean of both sources keeps about 0.5. ``nan`` where the source itself has too little
        contrast there, and for the colour of a cue that is not ``coloured``.

    Raises:
        TypeError: if an image is not uint8: the floors are in its levels.
        ValueError: if the images differ in size, a cue's source is neither camera, or its box is
            outside the image.
    """
    for name, image in zip((*SOURCES, 'fused'), (visible, infrared, fused)):
        if image.dtype not in (np.uint8, torch.uint8):
            raise TypeError(f'cue_retention: {name} must be uint8, but is {image.dtype}')
    sizes = {image.shape[:2] for image in (visible, infrared, fused)}
    if len(sizes) > 1:
        raise ValueError(f'cue_retention: the images differ in height and width: {sorted(sizes)}')
    planes = {'visible': _planes(visible), 'infrared': _planes(infrared), 'fused': _planes(fused)}
    results = []
    for cue in cues:
        if cue.source not in SOURCES:
            raise ValueError(f'cue_retention: source must be one of {SOURCES}, got {cue.source!r}')
        x, y, *size = cue.box
        height, width = fused.shape[:2]
        if not (min(size) > 0 and -size[0] < x < width and -size[1] < y < height):
            raise ValueError(f'cue_retention: box {cue.box} is not in {width} x {height} pixels')
        gray = _kept(planes['fused'][:1], planes[cue.source][:1], cue.box, GRAY_FLOOR)
        colour = math.nan
        if cue.coloured:
            colour = _kept(planes['fused'][1:], planes['visible'][1:], cue.box, CHROMA_FLOOR)
        results.append(dict(gray=gray, colour=colour))
    return results


def _planes(image: Image) -> Tensor:
    """Y, Cr and Cb of BT.601 as 3 x H x W, in levels; the chroma of a gray image is 0."""
    levels = torch.from_numpy(np.ascontiguousarray(image)).double()
    if levels.dim() == 2:
        return torch.stack([levels, torch.zeros_like(levels), torch.zeros_like(levels)])
    red, green, blue = levels.unbind(dim=2)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return torch.stack([luma, 0.713 * (red - luma), 0.564 * (blue - luma)])


def _kept(fused: Tensor, source: Tensor, box: Sequence[float], floor: float) -> float:
    """Share of the source's local structure around the box that the fused planes hold."""
    x, y, width, height = box
    sigma = min(max(0.5 * math.sqrt(width * height), 3), 24)
    across, down = max(4.0, width / 4), max(4.0, height / 4)
    rows = int(max(0, y - down)), math.ceil(y + height + down)
    columns = int(max(0, x - across)), math.ceil(x + width + across)
    f, s = (_structure(planes, rows, columns, sigma) for planes in (fused, source))
    ss, ff, fs = (s * s).sum().item(), (f * f).sum().item(), (f * s).sum().item()
    if math.sqrt(ss / s[0].numel()) < floor:
        return math.nan
    match = fs / math.sqrt(ss * ff + 1e-9)
    return min(max(fs / ss, 0), 1) * min(1, max(match, 0) / 0.5)


def _structure(
    planes: Tensor, rows: tuple[int, int], columns: tuple[int, int], sigma: float
) -> Tensor:
    """The planes less their Gaussian mean, within rows and columns, around 0."""
    size = round(8 * sigma + 1) | 1  # OpenCV's window for this sigma
    reach = size // 2
    height, width = planes.shape[-2:]
    # only what the window sees, mirrored at the border without repeating it
    down = _mirrored(rows[0] - reach, min(rows[1], height) + reach, height)
    across = _mirrored(columns[0] - reach, min(columns[1], width) + reach, width)
    part = planes[:, down][:, :, across][:, None]
    mean = filter_rows_and_columns(part, gaussian_window(size, sigma, part))
    rest = (part[..., reach:-reach, reach:-reach] - mean)[:, 0]
    return rest - rest.mean(dim=(1, 2), keepdim=True)


def _mirrored(start: int, stop: int, length: int) -> Tensor:
    """The indices from start to stop, those beyond 0 and length - 1 reflected there."""
    period = max(2 * (length - 1), 1)
    index = torch.arange(start, stop) % period
    return torch.minimum(index, period - index)
