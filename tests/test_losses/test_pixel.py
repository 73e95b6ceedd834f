"""pixel_loss and boxes_to_mask against values by hand."""

import pytest
import torch

from moefusion.losses import background_target, boxes_to_mask, pixel_loss


def image(rows):
    return torch.tensor(rows)[None, None]


def test_pixel_loss_by_hand():
    fused = image([[0.5, 0.5], [0.5, 0.5]])
    visible = image([[0.2, 0.9], [0.1, 0.6]])
    infrared = image([[0.8, 0.3], [0.3, 0.0]])
    mask = image([[1., 1.], [0., 0.]])
    foreground, background = pixel_loss(fused, visible, infrared, mask)
    # maxima 0.8, 0.9; means 0.2, 0.3; each sum over all 4 pixels of the image
    assert foreground.tolist() == pytest.approx([(0.3 + 0.4) / 4])
    assert background.tolist() == pytest.approx([(0.3 + 0.2) / 4])


def test_pixel_loss_is_for_each_image():
    fused = torch.stack([torch.zeros(1, 2, 3), torch.ones(1, 2, 3)])
    mask = torch.stack([torch.ones(1, 2, 3), torch.zeros(1, 2, 3)])
    foreground, background = pixel_loss(
        fused, torch.full_like(fused, 0.5), torch.full_like(fused, 0.25), mask)
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
    assert mask_of([1., 0., 3., 2.]) == [
        [0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_mask_covers_every_pixel_a_box_touches():
    assert mask_of([1.9, 1.2, 3.1, 2.5]) == [
        [0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]


def test_mask_is_the_union_of_the_boxes():
    assert mask_of([0., 0., 2., 1.], [1., 0., 3., 2.]) == [
        [1, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize('box', [
    [3., 2., 3., 4.],  # no width
    [3.7, 1., 3.2, 3.],  # inverted within a pixel
    [4., 3., 1., 1.],  # inverted
    [-5., 0., -1., 4.], [5., 0., 9., 4.], [0., -3., 5., 0.], [0., 4., 5., 8.]])  # outside
def test_boxes_that_mark_nothing(box):
    assert not boxes_to_mask(torch.tensor([box]), 4, 5).any()


def test_box_over_the_border():
    assert mask_of([-3., 2.5, 1.5, 99.]) == [
        [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]


def test_no_boxes():
    mask = boxes_to_mask(torch.zeros(0, 4), 2, 3)
    assert mask.shape == (1, 2, 3) and mask.dtype == torch.float32 and not mask.any()


def test_background_target_by_hand():
    visible, infrared = image([[0.2, 0.8]]), image([[0.4, 0.4]])
    assert background_target(visible, infrared)[0, 0, 0].tolist() == pytest.approx([0.3, 0.6])
    assert background_target(visible, infrared, brighter=0.5)[0, 0, 0].tolist() == pytest.approx(
        [0.35, 0.7])
    # twice as far from the mean, 0.45
    assert background_target(visible, infrared, contrast=2)[0, 0, 0].tolist() == (
        pytest.approx([0.15, 0.75]))


def test_contrast_is_about_the_mean_of_each_image_and_clipped():
    visible = torch.stack([image([[0., 1.]])[0], image([[0.2, 0.2]])[0]])
    infrared = torch.stack([image([[0.2, 0.8]])[0], image([[0.6, 0.6]])[0]])
    # 0.1 and 0.9 about 0.5 would become -0.1 and 1.1. The flat pair stays flat
    target = background_target(visible, infrared, contrast=1.5)
    assert target.flatten().tolist() == pytest.approx([0, 1, 0.4, 0.4])


def test_options_leave_the_foreground_alone():
    fused, visible, infrared = torch.rand(3, 1, 1, 5, 6)
    mask = torch.ones(1, 1, 5, 6)
    options = pixel_loss(fused, visible, infrared, mask, brighter=0.5, contrast=2)
    assert [term.tolist() for term in options] == [
        term.tolist() for term in pixel_loss(fused, visible, infrared, mask)]


def test_brighter_must_be_a_share():
    with pytest.raises(ValueError, match='brighter must be from 0 to 1, but is 1.5'):
        background_target(image([[0.]]), image([[0.]]), brighter=1.5)


def test_contrast_must_be_positive():
    with pytest.raises(ValueError, match='contrast must be above 0, but is 0'):
        background_target(image([[0.]]), image([[0.]]), contrast=0)
