"""A picture of noise."""

import numpy as np
import pytest


@pytest.fixture
def color():
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
