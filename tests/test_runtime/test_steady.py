"""Gates that are steadied over time, and the flicker figure."""

import cv2
import numpy as np
import pytest

from moefusion.runtime import Fuser, FusionResult
from moefusion.runtime.steady import Flicker, SteadyFuser


@pytest.fixture(scope='module')
def fuser():
    return Fuser(threads=1)


def frames(count):
    """Dark and bright ones in turn, which the gates tell apart."""
    rng = np.random.default_rng(0)
    for number in range(count):
        low, high = (0, 40) if number % 2 else (150, 256)
        yield (
            rng.integers(low, high, (40, 56, 3), dtype=np.uint8),
            rng.integers(256 - high, 256 - low, (40, 56), dtype=np.uint8),
        )


def test_a_frame_alone_is_fused_as_ever(fuser):
    steady, alone = SteadyFuser(fuser, 2), SteadyFuser(fuser, 0)
    for number, pair in enumerate(frames(2)):
        expected = fuser(*pair)
        results = [alone(*pair, number)] + ([] if number else [steady(*pair, number)])
        for result in results:
            np.testing.assert_array_equal(result.gray, expected.gray)
            np.testing.assert_array_equal(result.color, expected.color)
            for name, weights in result.gates.items():
                np.testing.assert_array_equal(weights, expected.gates[name])


def test_logits_are_an_average_over_time(fuser):
    pairs = list(frames(2))
    _, before = fuser.fuse_frame(*pairs[0])
    _, own = fuser.fuse_frame(*pairs[1])
    result, kept = fuser.fuse_frame(*pairs[1], 0.0, before)
    np.testing.assert_array_equal(kept, before)
    for name, weights in fuser(*pairs[0]).gates.items():
        np.testing.assert_array_equal(result.gates[name], weights)
    local = slice(0, -result.gates['global'].size)  # the global gate sees what the others chose
    _, mixed = fuser.fuse_frame(*pairs[1], 0.25, before)
    expected = 0.25 * own[local] + 0.75 * before[local]
    np.testing.assert_allclose(mixed[local], expected, atol=1e-5)


def test_the_share_follows_the_time_between_frames(fuser):
    asked = []

    class Spy:
        def fuse_frame(self, visible, infrared, share, previous):
            asked.append(share)
            return None, np.zeros(12, np.float32)

    steady = SteadyFuser(Spy(), 2.0)
    for time in (5, 6, 6, 16):
        steady(None, None, time)
    assert asked == pytest.approx([1, 1 - np.exp(-0.5), 0, 1 - np.exp(-5)])


def test_gates_change_less(fuser):
    def change(seconds):
        steady = SteadyFuser(fuser, seconds)
        weights = [
            np.concatenate(list(steady(*pair, number / 25).gates.values()))
            for number, pair in enumerate(frames(6))
        ]
        return np.abs(np.diff(weights, axis=0)).mean()

    assert change(1.0) < 0.2 * change(0)


@pytest.mark.parametrize('seconds', [-1, float('nan')])
def test_a_wrong_time_constant(fuser, seconds):
    with pytest.raises(ValueError, match='time constant must be 0 or more'):
        SteadyFuser(fuser, seconds)


def test_flicker_is_change_beyond_both_sources():
    flicker = Flicker()
    assert flicker.means() == {}
    # visible, infrared, fused; the second step flickers by 5 on half of the pixels
    for levels in ((10, 50, 30), (12, 50, 33), (12, 54, 33)):
        images = [np.full((4, 6), level, np.uint8) for level in levels]
        if levels[1] == 54:
            images[2][:2] += 9
        visible = np.dstack([images[0]] * 3)
        flicker.add(FusionResult('', visible, images[1], images[2], visible, images[0], {}))
    expected = {'visible': 1, 'infrared': 2, 'fused': (3 + 4.5) / 2, 'flicker': (1 + 2.5) / 2}
    assert flicker.means() == pytest.approx(expected)


@pytest.mark.parametrize('size', [(64, 96), (32, 200), (31, 96)])
def test_motion_is_no_flicker(size):
    """Beyond the size that has an optical flow."""
    texture = np.random.default_rng(0).integers(0, 256, (size[0], size[1] + 24), dtype=np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 3) * 2
    flicker, plain = Flicker(), []
    for step in range(0, 16, 4):
        image = np.ascontiguousarray(texture[:, step : step + size[1]])
        plain.append(image.astype(int))
        color = np.dstack([image] * 3)
        flicker.add(FusionResult('', color, image, image, color, image, {}))
    moved, means = np.abs(np.diff(plain, axis=0)).mean(), flicker.means()
    if size[0] >= 32:
        assert means['fused'] < 0.3 * moved
    else:
        assert means['fused'] == pytest.approx(moved)
    assert means['flicker'] == 0
