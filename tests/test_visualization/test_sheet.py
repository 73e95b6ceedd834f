"""Sheets: where boxes lie, what they enlarge, gradients on one scale, rows and columns."""

import numpy as np
import pytest

from moefusion.visualization.sheet import COLORS, draw_sheet, enlarge, find_boxes, sobel_maps

RED, GREEN = COLORS['red'], COLORS['green']


def near(image, color):
    return np.abs(image.astype(int) - color).max(axis=-1) <= 3


def test_boxes_lie_where_detail_differs():
    """The strongest difference in red, the next in green; a level that differs is none."""
    first = np.full((100, 200, 3), 90, np.uint8)
    second = np.full_like(first, 140)
    second[20:30, 150:160:2] = 0
    second[70:80, 30:40:4] = 100
    boxes = find_boxes([first, second])
    for color, x, y in (('red', 155, 25), ('green', 35, 75)):
        x1, y1, x2, y2 = boxes[color]
        assert (x2 - x1, y2 - y1) == (44, 22)
        assert 0 <= x1 <= x <= x2 <= 200 and 0 <= y1 <= y <= y2 <= 100
    assert min(boxes['red'][2], boxes['green'][2]) <= max(boxes['red'][0], boxes['green'][0])


def test_what_is_in_a_box_is_enlarged_below():
    image = np.zeros((80, 120, 3), np.uint8)
    image[10:30, 20:40] = 200
    picture = enlarge(image, dict(red=[20, 10, 40, 30], green=[60, 40, 120, 70]))
    assert picture.shape == (80 + 60, 120, 3)  # half the width for each
    assert (picture[90:130, 10:50] == 200).all()  # twenty pixels have become sixty
    assert (picture[88:100, 70:110] == 0).all()
    assert near(picture[:80], RED).any() and near(picture[:80], GREEN).any()
    assert near(picture[80:, :60], RED).any() and not near(picture[80:, :60], GREEN).any()
    assert near(picture[80:, 60:], GREEN).any()
    assert (image[10, 20] == 200).all()  # not drawn into


@pytest.mark.parametrize(
    'boxes', [dict(blue=[0, 0, 9, 9]), dict(red=[90, 0, 99, 9]), dict(red=[9, 0, 0, 9])]
)
def test_a_box_that_cannot_be_shown_is_named(boxes):
    with pytest.raises(ValueError, match='inside the image of 60 x 40 pixels'):
        enlarge(np.zeros((40, 60, 3), np.uint8), boxes)


def test_gradients_share_a_scale():
    weak, strong = np.zeros((2, 20, 20, 3), np.uint8)
    weak[:, 10:], strong[:, 10:] = 50, 100
    maps = sobel_maps(dict(weak=weak, strong=strong))
    assert maps['strong'][5, 10, 0] == 255 and maps['weak'][5, 10, 0] == 127
    assert maps['strong'][5, 3].max() == 0


def test_rows_and_columns():
    red, green = (np.full((40, 60, 3), color, np.uint8) for color in (RED, GREEN))
    sheet = draw_sheet({'a$1$': dict(x=red, y=green), 'b': dict(x=green, y=red)})
    high, wide = sheet.shape[0] // 2, sheet.shape[1] // 2
    for rows in (slice(0, high), slice(high, None)):
        for columns in (slice(0, wide), slice(wide, None)):
            swapped = (rows.start > 0) != (columns.start > 0)
            part = sheet[rows, columns]
            assert near(part, GREEN if swapped else RED).mean() > 0.7
            assert near(part, RED if swapped else GREEN).mean() < 0.04  # of the neighbours


def test_names_of_two_lines_have_room():
    """Both lines are drawn below each row, and nothing of them on the next row's image."""
    white = np.full((40, 60, 3), 255, np.uint8)
    one, two = (draw_sheet({'a': {name: white}, 'b': {name: white}}) for name in ('x', 'x\nx'))
    ink = [np.flatnonzero((sheet[:, 150:210] < 128).any(axis=(1, 2))) for sheet in (one, two)]
    bands = [1 + np.count_nonzero(np.diff(rows) > 1) for rows in ink]
    assert bands == [6, 8]  # upper and lower edge of each image, and its lines of text
    assert two.shape[0] > one.shape[0] + 2 * 15
