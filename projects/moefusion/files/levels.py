"""Maps infrared values of any type to 8 bits, by one range for a whole set."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from moefusion.files.errors import PairError

Range = tuple[float, float]


def check_range(infrared_range: Sequence[float] | None) -> Range | None:
    """Return a range as two floats.

    Raises:
        ValueError: if it is not two finite numbers, the smaller one first.
    """
    if infrared_range is None:
        return None
    try:
        low, high = map(float, () if isinstance(infrared_range, str) else infrared_range)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            f'infrared_range must be two numbers, the smaller one first, but is {infrared_range!r}'
        )
    return low, high


def to_eight_bits(values: np.ndarray, infrared_range: Range | None, name: str) -> np.ndarray:
    """Map ``low`` to 0 and ``high`` to 255, linearly; what lies beyond is cut. uint8 stays.

    Args:
        values (ndarray): of any shape and real type.
        infrared_range (tuple[float, float], optional): low and high.
        name (str): of the image, for messages.

    Raises:
        PairError: if there is no range for values that are not uint8, some are not finite, or all
            lie on one side of the range.
    """
    if values.dtype == np.uint8:
        return values
    if infrared_range is None:
        raise PairError(
            f'{name}: {values.dtype} values, but 8-bit images are needed. Map the whole set by one '
            'fixed range: for infrared images infrared_range=(low, high) or --infrared-range LOW '
            'HIGH, or auto; else np.clip((x - low) / (high - low) * 255, 0, 255).round(). A range '
            'taken from each image would falsify every metric.'
        )
    if not np.isfinite(values).all():
        raise PairError(
            f'{name}: {np.size(values) - np.isfinite(values).sum()} values are not finite. Replace '
            'them, such as by those of their neighbours.'
        )
    low, high = infrared_range
    if values.size and (values.max() < low or values.min() > high):
        raise PairError(
            f'{name}: its values, {values.min():.9g} to {values.max():.9g}, lie beyond the range '
            f'{low:.9g} to {high:.9g}, which would leave one level of them. Give the range in the '
            "file's own values, as --infrared-range auto finds it, or leave the image out."
        )
    shares = (values.astype(np.float64) - low) / (high - low)
    return np.round(shares.clip(0, 1) * 255).astype(np.uint8)
