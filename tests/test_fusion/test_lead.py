"""InfraredLead against values by hand."""

import pytest
import torch

from moefusion.fusion import InfraredLead


def apply(lead, visible, infrared, attention=0.):
    """The lead of each image, the same in all of its pixels where the attention is."""
    pixels, chroma = lead(visible, infrared, torch.full_like(visible, attention))
    assert chroma.tolist() == [1] * len(visible)
    assert pixels.shape == visible.shape
    assert (pixels == pixels[..., :1, :1]).all()
    return pixels[:, 0, 0, 0].tolist()


def edges(columns):
    """A 1 x 1 x 4 x 60 image with a vertical edge every three columns, as many as asked for."""
    image = torch.zeros(1, 1, 4, 60)
    for edge in range(columns):
        image[..., 3 * edge + 1:] += 0.01
    return image


def test_half_of_the_share_at_the_middle():
    """An edge makes a gradient in two columns of three: 9 of them fill 18 of the 60."""
    lead = InfraredLead(middle=0.3, steepness=5, share=0.6)
    assert apply(lead, torch.zeros(1, 1, 4, 60), edges(9)) == pytest.approx([0.3])


@pytest.mark.parametrize('steepness', [1, 4])
def test_odds_by_hand(steepness):
    """15 edges fill half of the columns: odds of 1. The middle of 0.2 has odds of 1 / 4."""
    lead = InfraredLead(middle=0.2, steepness=steepness, share=1)
    expected = 1 / (1 + 0.25 ** steepness)
    assert apply(lead, torch.zeros(1, 1, 4, 60), edges(15)) == pytest.approx([expected])


def test_each_image_has_its_own_and_equal_edges_are_the_visibles():
    """18 edges fill 0.6 of the columns, the default middle: half of 0.7."""
    visible, infrared = edges(18).repeat(2, 1, 1, 1), torch.cat([2 * edges(18), edges(18)])
    assert apply(InfraredLead(), visible, infrared) == pytest.approx([0.35, 0], abs=1e-6)


def test_flat_images_and_a_flat_visible_one():
    lead, flat, noise = InfraredLead(share=0.7), torch.zeros(1, 1, 5, 5), torch.rand(1, 1, 5, 5)
    assert apply(lead, flat, flat) == pytest.approx([0], abs=1e-6)
    assert apply(lead, noise, flat) == pytest.approx([0], abs=1e-6)
    assert apply(lead, flat, noise) == pytest.approx([0.7], abs=1e-4)


def daylight(share):
    """Flat but for columns, that share of 100, that are brighter by 0.5 in the visible image.

    Fine lines in the infrared image, nothing else in the visible one: the infrared edges win.
    """
    visible, infrared = torch.full((2, 1, 1, 40, 100), 0.3)
    visible[..., :round(100 * share)] = 0.8
    infrared[..., ::3, :] = 0.35
    return visible, infrared


@pytest.mark.parametrize('share, attention, expected', [
    (0, 0, 0.7), (0.12, 0, 0.5), (0.5, 0, 0.3), (0.5, 1, 0.7), (0.5, 0.75, 0.6), (0, 0.75, 0.7)])
def test_by_day_another_share_off_objects(share, attention, expected):
    """Half of the way at a share of 0.12; an attention of 0.75 takes three quarters back."""
    lead = InfraredLead(middle=0.1, share=0.7, day_share=0.3)
    assert apply(lead, *daylight(share), attention) == pytest.approx([expected], abs=1e-3)


def test_day_by_hand():
    """A fifth of the pixels has odds of 1 / 4, the middle 3 / 22; their ratio to the 8th power."""
    day = 1 / (1 + (4 * 3 / 22) ** 8)
    lead = InfraredLead(middle=0.1, share=1, day_share=0)
    assert apply(lead, *daylight(0.2)) == pytest.approx([1 - day], abs=1e-4)


def test_each_pixel_has_its_own():
    visible, infrared = daylight(0.5)
    attention = torch.rand(visible.shape, generator=torch.Generator().manual_seed(0))
    pixels, _ = InfraredLead(middle=0.1, share=0.7, day_share=0.2)(visible, infrared, attention)
    torch.testing.assert_close(pixels, 0.2 + 0.5 * attention, atol=1e-3, rtol=0)


def test_without_a_day_share_the_day_is_as_the_night():
    leads = [apply(InfraredLead(middle=0.1), *daylight(share))[0] for share in (0, 0.5)]
    assert leads == pytest.approx([0.7, 0.7], abs=1e-3)


@pytest.mark.parametrize('share, attention, expected', [
    (0, 0, 0.3), (0, 1, 0.3), (0.12, 0, 0.65), (0.5, 0, 1), (0.5, 1, 1)])
def test_colour_fades_as_the_infrared_image_leads_by_night(share, attention, expected):
    """By night by the share of 0.7, half way to day by half of it, by day not at all."""
    visible, infrared = daylight(share)
    lead = InfraredLead(middle=0.1, share=0.7, day_share=0.3, fade_color=True)
    _, chroma = lead(visible, infrared, torch.full_like(visible, attention))
    assert chroma.tolist() == pytest.approx([expected], abs=1e-3)


def test_colour_fades_in_each_image_by_its_own_lead():
    """Half of the lead at 18 edges, none where no edge is the infrared image's."""
    visible, infrared = edges(18).repeat(2, 1, 1, 1), torch.cat([2 * edges(18), edges(18)])
    _, chroma = InfraredLead(share=0.8, fade_color=True)(visible, infrared, visible)
    assert chroma.tolist() == pytest.approx([0.6, 1], abs=1e-6)


@pytest.mark.parametrize('options', [
    dict(middle=0), dict(middle=1), dict(steepness=0), dict(share=-0.1), dict(share=1.1),
    dict(day_share=-0.1), dict(day_share=1.1)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='infrared_lead: middle must be between 0 and 1'):
        InfraredLead(**options)
