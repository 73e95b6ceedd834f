"""The picture of pairs, by what can be seen in it."""

import numpy as np
import pytest

from moefusion.visualization.fusion_picture import FusionPicture, draw_fusion


def picture(height=60, width=80, title='scene.png', **changes):
    values = dict(
        title=title,
        visible=np.full((height, width, 3), (10, 200, 30), np.uint8),
        infrared=np.full((height, width), 60, np.uint8),
        fused=np.full((height, width, 3), (200, 20, 120), np.uint8),
        attention=np.zeros((height, width)),
        gates={'local_foreground': np.array([0.5, 0, 0, 0.5]), 'global': np.array([1.0, 0, 0, 0])},
    )
    return FusionPicture(**{**values, **changes})


def columns_with(image, color):
    """Share of the picture's width at which the centres of the pixels of a colour lie."""
    found = (np.abs(image.astype(int) - color).max(axis=-1) <= 2).nonzero()[1]
    return found.mean() / image.shape[1] if len(found) else None


def test_five_columns_in_order():
    image = draw_fusion([picture()])
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    assert image.shape[1] == 5 * 320
    visible, infrared, fused = (10, 200, 30), (60, 60, 60), (200, 20, 120)
    assert 0.02 < columns_with(image, visible) < 0.2  # first column
    assert 0.2 < columns_with(image, infrared) < 0.4  # second
    assert columns_with(image, fused) > 0.8  # last


def test_gray_levels_are_shown_as_they_are():
    """A flat infrared image is not stretched to black or white."""
    image = draw_fusion([picture(infrared=np.full((60, 80), 130, np.uint8))])
    assert columns_with(image, (130, 130, 130)) is not None


def test_a_gray_fused_image():
    image = draw_fusion([picture(fused=np.full((60, 80), 222, np.uint8))])
    assert columns_with(image, (222, 222, 222)) > 0.8


def test_attention_is_drawn_on_a_fixed_scale():
    dark = draw_fusion([picture(attention=np.full((60, 80), 0.1))])
    bright = draw_fusion([picture(attention=np.full((60, 80), 0.9))])
    middle = slice(int(0.45 * dark.shape[1]), int(0.55 * dark.shape[1]))
    rows = slice(int(0.4 * dark.shape[0]), int(0.6 * dark.shape[0]))
    assert bright[rows, middle].mean() > dark[rows, middle].mean() + 50


def test_bars_of_the_gates():
    """A visible expert that is used shows in green, an unused one leaves nothing."""
    green = (0x2A, 0x9D, 0x8F)
    used = draw_fusion([picture(gates={'local_foreground': np.array([1.0, 0, 0, 0])})])
    unused = draw_fusion([picture(gates={'local_foreground': np.array([0, 0, 1.0, 0])})])
    assert 0.6 < columns_with(used, green) < 0.8
    assert columns_with(unused, green) is None
    assert 0.6 < columns_with(unused, (0xE7, 0x6F, 0x51)) < 0.8


def test_one_row_for_each_pair():
    one = draw_fusion([picture()])
    two = draw_fusion([picture(), picture(120, 80)])
    assert two.shape[1] == one.shape[1] and two.shape[0] > 2.2 * one.shape[0]


@pytest.mark.parametrize('size', [(1, 1), (10, 400), (400, 10)])
def test_odd_shapes(size):
    image = draw_fusion([picture(*size)])
    assert image.shape[0] <= 320 * 3 + 100


@pytest.mark.parametrize('title', [r'a$\notmath$b.png', 'two_under_scores.png', 'Straße %d.png'])
def test_any_file_name(title):
    draw_fusion([picture(title=title)])
