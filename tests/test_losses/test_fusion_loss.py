"""FusionLoss: the equations by hand, each sample with its own boxes, the adaptive target."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from moefusion.image import boxes_to_mask, sobel_components
from moefusion.losses import FusionLoss, adaptive_target

NAMES = 'loss_pixel_foreground', 'loss_pixel_background', 'loss_gradient'


def image(rows):
    return torch.tensor(rows)[None]


def test_pixel_losses_by_hand():
    fused = image([[0.5, 0.5], [0.5, 0.5]])
    visible = image([[0.2, 0.9], [0.1, 0.6]])
    infrared = image([[0.8, 0.3], [0.3, 0.0]])
    boxes = torch.tensor([[0.0, 0.0, 2.0, 1.0]])
    losses = FusionLoss()([fused], [visible], [infrared], [boxes])
    # maxima 0.8, 0.9; means 0.2, 0.3; each sum over all 4 pixels of the image
    assert losses['loss_pixel_foreground'].item() == pytest.approx((0.3 + 0.4) / 4)
    assert losses['loss_pixel_background'].item() == pytest.approx((0.3 + 0.2) / 4)


def test_gradient_loss_by_hand():
    """A step of height 1 in the visible, of 0.25 in the infrared and of 0.5 in the fused image."""
    step = image([[0.0, 0.0, 1.0, 1.0]] * 3)
    # Sobel answers 4 on both sides of a unit step and 0 elsewhere: (4 - 2) at half of the pixels
    losses = FusionLoss()([0.5 * step], [step], [0.25 * step], [None])
    assert losses['loss_gradient'].item() == pytest.approx(1.0)


def test_gradient_takes_the_larger_source_pixel_by_pixel():
    random = np.random.default_rng(2)
    fused, visible, infrared = random.random((3, 7, 8)).astype(np.float32)

    def gradient(image):
        return sum(np.abs(ndimage.sobel(image, axis, mode='nearest')) for axis in (0, 1))

    expected = np.abs(gradient(fused) - np.maximum(gradient(visible), gradient(infrared))).mean()
    tensors = ([torch.from_numpy(values)[None]] for values in (fused, visible, infrared))
    losses = FusionLoss()(*tensors, [None])
    assert losses['loss_gradient'].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('adaptive', [None, {}])
def test_each_sample_has_its_own_boxes_and_size(adaptive):
    """The mean over three images of two sizes, in any order, is that of the single losses."""
    sizes, loss = [(24, 32), (30, 20), (24, 32)], FusionLoss(adaptive)
    fused, visible, infrared = ([torch.rand(1, *size) for size in sizes] for _ in range(3))
    boxes = [torch.tensor([[2.0, 3.0, 12.0, 15.0]]), None, torch.tensor([[20.0, 1.0, 30.0, 22.0]])]
    single = [loss([a], [b], [c], [d]) for a, b, c, d in zip(fused, visible, infrared, boxes)]
    assert single[1]['loss_pixel_foreground'] == 0
    together = loss(fused, visible, infrared, boxes)
    for name in NAMES:
        expected = torch.stack([losses[name] for losses in single]).mean()
        torch.testing.assert_close(together[name], expected)
    moved = loss(fused, visible, infrared, [boxes[2], None, boxes[0]])
    assert moved['loss_pixel_foreground'] != together['loss_pixel_foreground']


def test_gradient_reaches_the_fused_image_with_the_sign_of_the_error():
    fused = torch.full((1, 2, 2), 0.5, requires_grad=True)
    visible = image([[0.9, 0.1], [0.9, 0.1]])
    losses = FusionLoss()([fused], [visible], [visible], [torch.tensor([[0.0, 0.0, 2.0, 2.0]])])
    losses['loss_pixel_foreground'].backward()
    assert fused.grad[0].tolist() == [[-0.25, 0.25], [-0.25, 0.25]]


def test_the_adaptive_terms_are_distances_to_the_target():
    fused, visible, infrared = torch.rand(3, 1, 24, 32)
    boxes = torch.tensor([[2.0, 3.0, 12.0, 15.0]])
    mask = boxes_to_mask(boxes, 24, 32)
    options = dict(brighter=0.7, contrast=1.3)
    target = adaptive_target(visible[None], infrared[None], mask[None], **options)
    losses = FusionLoss(options)([fused], [visible], [infrared], [boxes])
    distance = (fused - target.pixels[0]).abs()
    expected = [
        (distance * mask).mean(),
        (distance * (1 - mask)).mean(),
        sum((a - b).abs() for a, b in zip(sobel_components(fused[None]), target.gradient)).mean(),
    ]
    torch.testing.assert_close([losses[name] for name in NAMES], expected)


def test_an_unknown_option_is_refused_at_once():
    with pytest.raises(TypeError, match="unexpected keyword argument 'brigther'"):
        FusionLoss(dict(brigther=0.5))
