"""The figure of distributions draws whatever methods are called."""

import cv2
import numpy as np
import pandas as pd

from moefusion.comparison.figure import draw_distributions
from moefusion.metrics import METRIC_NAMES


def test_a_name_with_dollars_is_no_formula():
    """It was, and stopped the tool at its last step."""
    scores = pd.DataFrame(np.arange(16.0).reshape(2, 8), columns=METRIC_NAMES)
    data = draw_distributions(scores.assign(method=['$x_$', '_y']), 'title')
    assert cv2.imdecode(np.frombuffer(data, np.uint8), 0).std() > 10
