"""Means over a test set that say how many values they rest on."""

import math
from collections.abc import Mapping, Sequence


def mean_of_defined(
    columns: Mapping[str, Sequence[float]],
) -> tuple[dict[str, float], dict[str, int]]:
    """Average each column over its defined values.

    Args:
        columns (Mapping[str, Sequence[float]]): Values of each metric, one for each image;
            ``nan`` where the metric is undefined.

    Returns:
        tuple[dict, dict]: Means (``nan`` without a single value), and how many values were
        undefined, both by column name.
    """
    means, undefined = {}, {}
    for name, column in columns.items():
        defined = [value for value in column if not math.isnan(value)]
        means[name] = math.fsum(defined) / len(defined) if defined else math.nan
        undefined[name] = len(column) - len(defined)
    return means, undefined
