"""sobel_gradient and gradient_loss against OpenCV, SciPy and values by hand."""

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage

from moefusion.image import sobel_gradient
from moefusion.losses import gradient_loss


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


def test_loss_by_hand():
    """A step of height 1 in the visible, of 0.25 in the infrared and of 0.5 in the fused image."""
    step = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3)[None, None]
    # Sobel answers 4 on both sides of a unit step and 0 elsewhere: (4 - 2) at half of the pixels
    loss = gradient_loss(0.5 * step, step, 0.25 * step)
    assert loss.tolist() == pytest.approx([1.0])


def test_takes_the_larger_source_pixel_by_pixel():
    """Horizontal structure from one source, vertical from the other."""
    random = np.random.default_rng(2)
    fused, visible, infrared = random.random((3, 2, 7, 8)).astype(np.float32)

    def gradient(image):
        return sum(np.abs(ndimage.sobel(image, axis, mode='nearest')) for axis in (0, 1))

    expected = [
        np.abs(gradient(f) - np.maximum(gradient(v), gradient(i))).mean()
        for f, v, i in zip(fused, visible, infrared)
    ]
    ours = gradient_loss(
        *(torch.from_numpy(images)[:, None] for images in (fused, visible, infrared))
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_zero_for_a_copy_of_the_sharper_source():
    sharp = torch.rand(1, 1, 6, 6)
    assert gradient_loss(sharp, sharp, 0.5 * sharp).item() == 0


def test_signed_by_hand():
    """The negative of an edge is as good as the edge, unless signs count."""
    step = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3)[None, None]
    flat = torch.zeros_like(step)
    assert gradient_loss(1 - step, step, flat).item() == 0
    # Sobel answers 4 at half of the pixels: (4 - (-4)) there
    assert gradient_loss(1 - step, step, flat, signed=True).tolist() == [4]
    assert gradient_loss(step, step, flat, signed=True).item() == 0
    assert gradient_loss(step, flat, step, signed=True).item() == 0


def test_signed_takes_both_components_of_the_stronger_source():
    random = np.random.default_rng(3)
    fused, visible, infrared = random.random((3, 7, 8)).astype(np.float32)

    def gradient(image):
        return np.stack([ndimage.sobel(image, axis, mode='nearest') for axis in (0, 1)])

    stronger = np.abs(gradient(visible)).sum(0) > np.abs(gradient(infrared)).sum(0)
    target = np.where(stronger, gradient(visible), gradient(infrared))
    expected = np.abs(gradient(fused) - 1.5 * target).sum(0).mean()
    images = (torch.from_numpy(image)[None, None] for image in (fused, visible, infrared))
    ours = gradient_loss(*images, signed=True, gain=1.5)
    assert ours.item() == pytest.approx(expected, rel=1e-5)


def test_gain_multiplies_the_target():
    step = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3)[None, None]
    # (1.25 * 4 - 4) at half of the pixels
    assert gradient_loss(step, step, 0 * step, gain=1.25).tolist() == pytest.approx([0.5])
