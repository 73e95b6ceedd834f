"""Colour: against OpenCV's YCrCb and by hand."""

import cv2
import numpy as np
import pytest
import torch

from moefusion.image import colorize, rgb_to_gray


def as_tensor(rgb):
    return torch.from_numpy(rgb.transpose(2, 0, 1).copy())[None].float()


def test_gray_by_hand():
    # MATLAB's rgb2gray of a pure red, green, blue and a mixed pixel
    rgb = torch.tensor([[255.0, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 30]]).T.view(1, 3, 2, 2)
    gray = rgb_to_gray(rgb)
    assert gray.shape == (1, 1, 2, 2)
    assert gray.flatten().round().tolist() == [76, 150, 29, 124]
    torch.testing.assert_close(rgb_to_gray(torch.ones(1, 3, 1, 1)), torch.ones(1, 1, 1, 1))


def test_colour_is_that_of_the_route_over_ycrcb():
    """RGB -> YCrCb, Y replaced, -> RGB in floating point by OpenCV, then clipped."""
    random = np.random.default_rng(1)
    rgb = random.random((50, 60, 3)).astype(np.float32)
    fused = random.random((50, 60)).astype(np.float32)
    ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    ycc[..., 0] = fused
    expected = cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB).clip(0, 1)
    ours = colorize(torch.from_numpy(fused)[None, None], as_tensor(rgb))[0].permute(1, 2, 0)
    # OpenCV's coefficients have three digits
    assert np.abs(ours.numpy() - expected).max() < 0.003


def test_gray_stays_gray():
    gray = torch.rand(1, 1, 5, 5)
    fused = torch.rand(1, 1, 5, 5)
    torch.testing.assert_close(
        colorize(fused, gray.expand(-1, 3, -1, -1)), fused.expand(-1, 3, -1, -1)
    )


def test_own_luma_gives_the_image_back():
    rgb = torch.rand(2, 3, 5, 5)
    torch.testing.assert_close(colorize(rgb_to_gray(rgb), rgb), rgb)


def test_clips_and_does_not_stretch():
    """Out-of-range channels are cut; the pixel that fits keeps its value to the bit."""
    rgb = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5]]).T.view(1, 3, 1, 2)
    fused = torch.tensor([0.9, 0.3]).view(1, 1, 1, 2)
    coloured = colorize(fused, rgb)[0, :, 0]
    assert coloured[0, 0] == 1
    # red's Y is 0.2989: the others rise by 0.9 - 0.2989
    torch.testing.assert_close(coloured[1:, 0], torch.full((2,), 0.601063978706225))
    torch.testing.assert_close(coloured[:, 1], torch.full((3,), 0.3))


def test_levels_are_refused():
    """In whole numbers, the weights of the luma would be 0."""
    fused, rgb = torch.zeros(1, 1, 2, 2), torch.zeros(1, 3, 2, 2)
    for wrong in ((fused, rgb.byte()), (fused.byte(), rgb)):
        with pytest.raises(TypeError, match='colorize takes floats'):
            colorize(*wrong)
