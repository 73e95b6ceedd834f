"""Sobel gradients against OpenCV and SciPy."""

import cv2
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


def test_sobel_agrees_with_opencv():
    image = np.random.default_rng(1).random((12, 9)).astype(np.float32)
    expected = sum(
        np.abs(cv2.Sobel(image, cv2.CV_32F, dx, 1 - dx, borderType=cv2.BORDER_REPLICATE))
        for dx in (0, 1)
    )
    np.testing.assert_allclose(
        sobel_gradient(torch.from_numpy(image)[None, None])[0, 0], expected, atol=1e-5
    )
