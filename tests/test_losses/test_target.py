"""adaptive_target: what it keeps of each source, and that it depends on the whole sample."""

import cv2
import numpy as np
import pytest
import torch

from moefusion.image import gaussian_blur, sobel_gradient
from moefusion.losses import adaptive_target, information_ratio
from moefusion.losses.target import LARGEST_SLOPE

SIZE = 96, 128


def texture(seed, level, contrast, sigma=2.0):
    """Smooth noise of a given mean and deviation, 1 x 1 x H x W in [0, 1]."""
    noise = np.random.default_rng(seed).normal(size=SIZE)
    noise = cv2.GaussianBlur(noise, (0, 0), sigma)
    values = level + contrast * (noise - noise.mean()) / noise.std()
    return torch.from_numpy(values.clip(0, 1).astype(np.float32))[None, None]


NOTHING = torch.zeros(1, 1, *SIZE)


def correlation(a, b):
    return np.corrcoef(a.flatten(), b.flatten())[0, 1]


def test_blur_is_opencvs():
    image = torch.rand(1, 1, 30, 41)
    for sigma in (1.0, 2.5):
        width = 2 * int(3 * sigma + 0.5) + 1
        expected = cv2.GaussianBlur(
            image[0, 0].numpy(), (width, width), sigma, borderType=cv2.BORDER_REPLICATE
        )
        np.testing.assert_allclose(gaussian_blur(image, sigma)[0, 0], expected, atol=1e-5)


def test_two_equal_sources_stay_as_they_are():
    image = texture(0, 0.4, 0.1)
    target = adaptive_target(image, image, NOTHING, contrast=1)
    # both bands in full where both show as much: twice the detail, which the tone does not lower
    assert correlation(target.pixels, image) > 0.99
    assert target.pixels.mean() == pytest.approx(image.mean().item(), abs=0.01)


def test_both_sides_survive():
    """A patch that the visible image alone shows and one of the infrared image alone."""
    visible, infrared = texture(1, 0.4, 0.02), texture(2, 0.4, 0.02)
    pattern = 0.2 * torch.sin(torch.arange(20.0))[None, :].expand(20, 20)
    visible[..., 20:40, 20:40] += pattern
    infrared[..., 60:80, 80:100] += pattern.T
    target = adaptive_target(visible, infrared, NOTHING).pixels
    for rows, columns, source in (
        (slice(22, 38), slice(22, 38), visible),
        (slice(62, 78), slice(82, 98), infrared),
    ):
        wanted, made = source[0, 0, rows, columns], target[0, 0, rows, columns]
        assert correlation(made, wanted) > 0.95
        assert made.std() > 0.8 * wanted.std()


def test_noise_is_left_out():
    """White noise on one source: less than half of it reaches the target, and lines stay."""
    visible, infrared = texture(1, 0.4, 0.05, sigma=4.0), texture(2, 0.4, 0.05, sigma=4.0)
    visible[..., 40:42, :] += 0.3
    noise = 0.03 * torch.from_numpy(np.random.default_rng(3).normal(size=SIZE)).float()
    # a gain of 1 on everything, so that what comes out compares with what went in
    plain = dict(balance=0, contrast=0, detail=1)
    clean = adaptive_target(visible, infrared, NOTHING, **plain).pixels
    noisy = adaptive_target(visible + noise, infrared, NOTHING, **plain).pixels
    assert (noisy - clean)[..., 50:, :].std() < noise.std() / 2
    assert noisy[..., 40:42, :].mean() - noisy[..., 50:60, :].mean() > 0.25


def test_fine_texture_is_no_noise():
    """What has as much energy in coarser bands stays, however fine."""
    white = np.random.default_rng(4).normal(size=SIZE)
    octaves = [cv2.GaussianBlur(white, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0, 8.0)]
    scene = sum(octave / octave.std() for octave in octaves)
    visible = torch.from_numpy(0.5 + 0.04 * scene).float()[None, None].clamp(0, 1)
    flat = torch.full_like(visible, 0.5)
    target = adaptive_target(visible, flat, NOTHING, contrast=0, detail=1).pixels
    fine = [image - gaussian_blur(image, 1.0) for image in (target, visible)]
    assert fine[0].std() > 0.9 * fine[1].std()


def test_a_bright_sky_stays_bright():
    """Sky above a roof, cold in the infrared image: no gray, and no bright seam along the roof."""
    visible, infrared = torch.full((1, 1, *SIZE), 0.2), torch.full((1, 1, *SIZE), 0.6)
    visible[..., :48, :], infrared[..., :48, :] = 0.9, 0.1
    target = adaptive_target(visible, infrared, NOTHING, contrast=0, detail=1).pixels[0, 0, :, 64]
    mean = 0.5 * (visible + infrared)[0, 0, :, 64]
    sky, roof = target[4], target[-4]
    assert sky - roof > 2 * (mean[4] - mean[-4])
    assert target[30:48].max() - sky < 0.25


def test_detail_multiplies_gradients_and_bands():
    visible, infrared = texture(1, 0.4, 0.05), texture(2, 0.4, 0.05)
    plain, more = (
        adaptive_target(visible, infrared, NOTHING, contrast=0, detail=detail) for detail in (1, 2)
    )
    torch.testing.assert_close(more.gradient[0], 2 * plain.gradient[0])
    fine = [target.pixels - gaussian_blur(target.pixels, 1.0) for target in (plain, more)]
    torch.testing.assert_close(fine[1], 2 * fine[0], atol=2e-3, rtol=0.02)


def test_the_whole_sample_decides():
    """The same place of the same pair, with other surroundings, should become something else."""
    visible, infrared = texture(1, 0.4, 0.1), texture(2, 0.5, 0.1)
    livelier = infrared.clone()
    livelier[..., 64:, :] += 0.3 * torch.rand(SIZE[0] - 64, SIZE[1])
    place = (..., slice(0, 30), slice(0, SIZE[1]))  # out of the bands' reach
    first, second = (adaptive_target(visible, other, NOTHING) for other in (infrared, livelier))
    assert (first.pixels[place] - second.pixels[place]).abs().mean() > 0.01


def test_information_ratio_by_hand():
    visible, infrared = texture(1, 0.4, 0.05), texture(2, 0.5, 0.2)
    expected = (sobel_gradient(infrared).mean() + 0.01) / (sobel_gradient(visible).mean() + 0.01)
    assert information_ratio(visible, infrared).item() == pytest.approx(expected.item())
    assert information_ratio(visible, visible).item() == 1


def test_balance_gives_the_flatter_source_its_chance():
    visible, infrared = texture(1, 0.4, 0.06), texture(2, 0.5, 0.12)
    plain, fair = (
        adaptive_target(visible, infrared, NOTHING, balance=balance).pixels for balance in (0, 1)
    )
    assert correlation(fair, visible) > correlation(plain, visible) + 0.1


@pytest.mark.parametrize('level', [0.05, 0.5, 0.9])
def test_never_flatter_and_never_darker_than_the_mean(level):
    visible, infrared = texture(1, level, 0.04), texture(2, 0.4, 0.04, sigma=6.0)
    mean = 0.5 * (visible + infrared)
    target = adaptive_target(visible, infrared, NOTHING).pixels
    assert target.std() >= mean.std()
    assert target.mean() >= mean.mean() - 0.01
    assert 0 <= target.min() and target.max() <= 1
    assert target.std() <= 2 * LARGEST_SLOPE * max(visible.std(), infrared.std())


def test_bright_ends_keep_their_order():
    """Levels above the knee are compressed, not clipped: what differs stays different."""
    visible = texture(1, 0.75, 0.12)
    target = adaptive_target(visible, texture(2, 0.75, 0.12), NOTHING).pixels
    assert (target == 1).float().mean() < 0.002


def test_objects_become_the_brighter_source():
    visible, infrared = texture(1, 0.3, 0.05), texture(2, 0.3, 0.05)
    visible[..., 40:60, 40:60], infrared[..., 40:60, 40:60] = 0.05, 0.8
    mask = NOTHING.clone()
    mask[..., 40:60, 40:60] = 1
    with_boxes = adaptive_target(visible, infrared, mask).pixels[..., 40:60, 40:60]
    without = adaptive_target(visible, infrared, NOTHING).pixels[..., 40:60, 40:60]
    assert with_boxes.mean() > without.mean() and with_boxes.mean() > 0.75


def test_samples_of_a_batch_do_not_meet():
    visible = torch.cat([texture(1, 0.4, 0.1), texture(3, 0.1, 0.02)])
    infrared = torch.cat([texture(2, 0.5, 0.2), texture(4, 0.1, 0.05)])
    together = adaptive_target(visible, infrared, NOTHING.expand(2, -1, -1, -1))
    for row in range(2):
        rows = slice(row, row + 1)
        alone = adaptive_target(visible[rows], infrared[rows], NOTHING)
        torch.testing.assert_close(together.pixels[rows], alone.pixels)
        torch.testing.assert_close(together.gradient[0][rows], alone.gradient[0])


def test_flat_images_have_no_undefined_levels():
    flat = torch.full((1, 1, *SIZE), 0.3)
    target = adaptive_target(flat, flat, NOTHING)
    torch.testing.assert_close(target.pixels, flat)
    assert not target.gradient[0].any()
