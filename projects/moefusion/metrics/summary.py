"""Means over a test set that say how many values they rest on."""

import math
from collections.abc import Mapping, Sequence


def mean_of_defined(
    columns: Mapping[str, Sequence[float]],
) -> tuple[dict[str, float], dict[str, int]]:
    """Average each column of values over those that are not ``nan``.

    Returns:
        tuple[dict, dict]: by column the mean (``nan`` without a single value), and how many values
        were undefined.
    """
    means, undefined = {}, {}
    for name, column in columns.items():
        defined = [value for value in column if not math.isnan(value)]
        means[name] = math.fsum(defined) / len(defined) if defined else math.nan
        undefined[name] = len(column) - len(defined)
    return means, undefined
