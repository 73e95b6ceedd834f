"""pixel_loss and boxes_to_mask against values by hand."""

import pytest
import torch

from moefusion.image import background_target, boxes_to_mask, foreground_target, tone_curve
from moefusion.losses import pixel_loss


def image(rows):
    return torch.tensor(rows)[None, None]


def test_pixel_loss_by_hand():
    fused = image([[0.5, 0.5], [0.5, 0.5]])
    visible = image([[0.2, 0.9], [0.1, 0.6]])
    infrared = image([[0.8, 0.3], [0.3, 0.0]])
    mask = image([[1.0, 1.0], [0.0, 0.0]])
    foreground, background = pixel_loss(fused, visible, infrared, mask)
    # maxima 0.8, 0.9; means 0.2, 0.3; each sum over all 4 pixels of the image
    assert foreground.tolist() == pytest.approx([(0.3 + 0.4) / 4])
    assert background.tolist() == pytest.approx([(0.3 + 0.2) / 4])


def test_pixel_loss_is_for_each_image():
    fused = torch.stack([torch.zeros(1, 2, 3), torch.ones(1, 2, 3)])
    mask = torch.stack([torch.ones(1, 2, 3), torch.zeros(1, 2, 3)])
    foreground, background = pixel_loss(
        fused, torch.full_like(fused, 0.5), torch.full_like(fused, 0.25), mask
    )
    assert foreground.tolist() == [0.5, 0]
    assert background.tolist() == [0, 0.625]


def test_gradient_reaches_the_fused_image_with_the_sign_of_the_error():
    fused = torch.full((1, 1, 2, 2), 0.5, requires_grad=True)
    visible = image([[0.9, 0.1], [0.9, 0.1]])
    mask = torch.ones(1, 1, 2, 2)
    sum(pixel_loss(fused, visible, visible, mask)).sum().backward()
    assert fused.grad[0, 0].tolist() == [[-0.25, 0.25], [-0.25, 0.25]]


def mask_of(*boxes, height=4, width=5):
    return boxes_to_mask(torch.tensor(boxes).reshape(-1, 4), height, width)[0].int().tolist()


def test_mask_of_whole_pixels():
    assert mask_of([1.0, 0.0, 3.0, 2.0]) == [
        [0, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_mask_covers_every_pixel_a_box_touches():
    assert mask_of([1.9, 1.2, 3.1, 2.5]) == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_mask_is_the_union_of_the_boxes():
    assert mask_of([0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 3.0, 2.0]) == [
        [1, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    'box',
    [
        [3.0, 2.0, 3.0, 4.0],  # no width
        [3.7, 1.0, 3.2, 3.0],  # inverted within a pixel
        [4.0, 3.0, 1.0, 1.0],  # inverted
        [-5.0, 0.0, -1.0, 4.0],
        [5.0, 0.0, 9.0, 4.0],
        [0.0, -3.0, 5.0, 0.0],
        [0.0, 4.0, 5.0, 8.0],
    ],
)  # outside
def test_boxes_that_mark_nothing(box):
    assert not boxes_to_mask(torch.tensor([box]), 4, 5).any()


def test_box_over_the_border():
    assert mask_of([-3.0, 2.5, 1.5, 99.0]) == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
    ]


def test_no_boxes():
    mask = boxes_to_mask(torch.zeros(0, 4), 2, 3)
    assert mask.shape == (1, 2, 3) and mask.dtype == torch.float32 and not mask.any()


def test_background_target_by_hand():
    visible, infrared = image([[0.2, 0.8]]), image([[0.4, 0.4]])
    assert background_target(visible, infrared)[0, 0, 0].tolist() == pytest.approx([0.3, 0.6])
    assert background_target(visible, infrared, brighter=0.5)[0, 0, 0].tolist() == pytest.approx(
        [0.35, 0.7]
    )


def test_infrared_share():
    visible, infrared = image([[0.2, 0.8]]), image([[0.4, 0.4]])
    assert background_target(visible, infrared, infrared_share=0.75)[0, 0, 0].tolist() == (
        pytest.approx([0.35, 0.5])
    )
    assert background_target(visible, infrared, 0.5, infrared_share=0.75)[0, 0, 0].tolist() == (
        pytest.approx([0.375, 0.65])
    )


def test_tone_curve_by_hand():
    """Odds relative to those of the middle are raised to the power of the contrast."""
    # middle 1/2, contrast 2: odds 1/4 become 1/16, odds 4 become 16
    assert tone_curve(image([[0.2, 0.5, 0.8]]), 2)[0, 0, 0].tolist() == pytest.approx(
        [1 / 17, 1 / 2, 16 / 17]
    )
    # middle 1/3, odds 1/2: odds 1 are twice that, and become 8 times 1/2
    assert tone_curve(image([[1 / 3, 1 / 2]]), 3, 1 / 3)[0, 0, 0].tolist() == pytest.approx(
        [1 / 3, 4 / 5]
    )


def test_tone_curve_keeps_the_order_and_has_its_slope_in_the_middle():
    levels = torch.linspace(0, 1, 1001, dtype=torch.float64)
    curve = tone_curve(levels, 2.2, 0.42)
    assert (curve.diff()[1:-1] > 0).all() and curve.min() >= 0 and curve.max() <= 1
    assert ((curve[421] - curve[419]) / 0.002).item() == pytest.approx(2.2, rel=1e-3)
    assert tone_curve(levels) is levels


@pytest.mark.parametrize('contrast, middle', [(0, 0.5), (-1, 0.5), (2, 0), (2, 1)])
def test_tone_curve_that_is_none(contrast, middle):
    with pytest.raises(ValueError, match='contrast must be above 0 and middle between 0 and 1'):
        tone_curve(image([[0.0]]), contrast, middle)


def test_foreground_target_by_hand():
    visible, infrared = image([[0.2, 0.8]]), image([[0.4, 0.4]])
    assert foreground_target(visible, infrared)[0, 0, 0].tolist() == pytest.approx([0.4, 0.8])
    assert foreground_target(visible, infrared, 0.25)[0, 0, 0].tolist() == pytest.approx([0.4, 0.7])


def test_options_by_region():
    """Those of the foreground stand apart; all others are for the background."""

    def losses(**options):
        mask = image([[1.0, 0.0]])
        return [
            loss.item()
            for loss in pixel_loss(
                torch.zeros(1, 1, 1, 2), image([[0.6, 0.2]]), image([[0.2, 0.6]]), mask, **options
            )
        ]

    assert losses(brighter=0.5) == pytest.approx([0.6 / 2, 0.5 / 2])
    assert losses(foreground=dict(infrared_share=0.5)) == pytest.approx([0.4 / 2, 0.4 / 2])
    # odds 3/2 and 2/3, squared
    assert losses(contrast=2) == pytest.approx([0.6 / 2, 4 / 13 / 2])
    assert losses(foreground=dict(contrast=2)) == pytest.approx([9 / 13 / 2, 0.4 / 2])
    assert losses(foreground=dict(contrast=2, middle=0.6)) == pytest.approx([0.6 / 2, 0.4 / 2])


@pytest.mark.parametrize('name', ['brighter', 'infrared_share'])
def test_shares_are_from_0_to_1(name):
    with pytest.raises(ValueError, match=f'{name} must be from 0 to 1, but is 1.5'):
        background_target(image([[0.0]]), image([[0.0]]), **{name: 1.5})


def test_foreground_share_is_from_0_to_1():
    with pytest.raises(ValueError, match='foreground_target: infrared_share must be from 0 to 1'):
        foreground_target(image([[0.0]]), image([[0.0]]), -0.5)


def test_unknown_option_of_the_foreground():
    one = image([[0.0]])
    with pytest.raises(ValueError, match="foreground has no option 'brighter'; it takes infrared_"):
        pixel_loss(one, one, one, one, foreground=dict(brighter=0.5))
