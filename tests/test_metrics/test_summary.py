"""Means that leave undefined values out and say so."""

import math

from moefusion.metrics.summary import mean_of_defined


def test_undefined_values_are_counted_not_averaged():
    means, undefined = mean_of_defined(dict(a=[1.0, math.nan, 2.0], b=[math.nan], c=[]))
    assert means['a'] == 1.5 and undefined == dict(a=1, b=1, c=0)
    assert math.isnan(means['b']) and math.isnan(means['c'])
