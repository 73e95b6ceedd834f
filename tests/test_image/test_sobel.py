"""Sobel gradients against SciPy."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from moefusion.image import sobel_gradient


@pytest.mark.parametrize('size', [(1, 1), (1, 6), (5, 1), (17, 23)])
def test_sobel_agrees_with_scipy(size):
    image = np.random.default_rng(0).random(size).astype(np.float32)
    expected = sum(np.abs(ndimage.sobel(image, axis, mode='nearest')) for axis in (0, 1))
    ours = sobel_gradient(torch.from_numpy(image)[None, None])
    assert ours.shape == (1, 1, *size)
    np.testing.assert_allclose(ours[0, 0], expected, atol=1e-5)
