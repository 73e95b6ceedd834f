"""InfraredLead against values by hand."""

import pytest
import torch

from moefusion.fusion import InfraredLead


def edges(columns):
    """A 1 x 1 x 4 x 60 image with a vertical edge every three columns, as many as asked for."""
    image = torch.zeros(1, 1, 4, 60)
    for edge in range(columns):
        image[..., 3 * edge + 1:] += 0.01
    return image


def test_half_of_the_share_at_the_middle():
    """An edge makes a gradient in two columns of three: 9 of them fill 18 of the 60."""
    lead = InfraredLead(middle=0.3, steepness=5, share=0.6)
    assert lead(torch.zeros(1, 1, 4, 60), edges(9)).item() == pytest.approx(0.3)


@pytest.mark.parametrize('steepness', [1, 4])
def test_odds_by_hand(steepness):
    """15 edges fill half of the columns: odds of 1. The middle of 0.2 has odds of 1 / 4."""
    lead = InfraredLead(middle=0.2, steepness=steepness, share=1)
    expected = 1 / (1 + 0.25 ** steepness)
    assert lead(torch.zeros(1, 1, 4, 60), edges(15)).item() == pytest.approx(expected)


def test_each_image_has_its_own_and_equal_edges_are_the_visibles():
    """18 edges fill 0.6 of the columns, the default middle: half of 0.7."""
    lead = InfraredLead()(torch.cat([edges(18), edges(18)]), torch.cat([2 * edges(18), edges(18)]))
    assert lead.shape == (2, 1, 1, 1)
    assert lead.flatten().tolist() == pytest.approx([0.35, 0], abs=1e-6)


def test_flat_images_and_a_flat_visible_one():
    lead, flat, noise = InfraredLead(share=0.7), torch.zeros(1, 1, 5, 5), torch.rand(1, 1, 5, 5)
    assert lead(flat, flat).item() == pytest.approx(0, abs=1e-6)
    assert lead(noise, flat).item() == pytest.approx(0, abs=1e-6)
    assert lead(flat, noise).item() == pytest.approx(0.7, abs=1e-4)


@pytest.mark.parametrize('options', [
    dict(middle=0), dict(middle=1), dict(steepness=0), dict(share=-0.1), dict(share=1.1)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='infrared_lead: middle must be between 0 and 1'):
        InfraredLead(**options)
