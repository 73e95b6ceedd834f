"""Constant images, copies of a source, shifts, small images: each with its stated result."""

import math

import numpy as np
import pytest

from moefusion.metrics import (
    PROTOCOLS,
    average_gradient,
    entropy,
    fusion_metrics,
    mutual_information,
    qabf,
    spatial_frequency,
    standard_deviation,
    sum_of_correlations_of_differences,
    visual_information_fidelity,
)


def constant(level, shape=(44, 53)):
    return np.full(shape, level, dtype=np.uint8)


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('level', [0, 9, 128, 255])
def test_constant_fused(triple, level, protocol):
    scores = fusion_metrics(*triple[:2], constant(level), protocol)
    assert [scores[name] for name in ('EN', 'SF', 'SD', 'AG')] == [0, 0, 0, 0]
    assert scores['VIF'] == 0
    # F - B is as B turned round, and F - A as A
    correlation = np.corrcoef(triple[0].ravel(), triple[1].ravel())[0, 1]
    assert scores['SCD'] == pytest.approx(-2 * correlation, abs=1e-12)
    if protocol == 'standard':
        assert scores['MI'] == pytest.approx(0, abs=1e-12)
    assert 0 <= scores['Qabf'] < 0.1


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('level', [0, 9, 128, 255])
def test_constant_source_has_no_information_to_keep(triple, level, protocol):
    scores = fusion_metrics(constant(level), *triple[1:], protocol)
    assert math.isnan(scores['VIF']) and math.isnan(scores['SCD'])
    assert all(math.isfinite(scores[name]) for name in scores if name not in ('VIF', 'SCD'))


def test_black_sources_have_no_edges(triple):
    assert math.isnan(qabf(constant(0), constant(0), triple[2]))


@pytest.mark.parametrize('which', [0, 1])
def test_fused_equal_to_a_source(triple, which):
    source, other = triple[which], triple[1 - which]
    scores = fusion_metrics(*triple[:2], source, 'standard')
    assert math.isnan(scores['SCD'])  # F - source is constant
    assert scores['MI'] == pytest.approx(
        entropy(source) + mutual_information(other, source, source, 'standard') - entropy(source)
    )
    alone = visual_information_fidelity(source, source, source, 'standard')
    assert alone == pytest.approx(2, abs=1e-6)
    # the ceiling of both sigmoids at equal strength and angle
    ceiling = 0.9994 / (1 + math.exp(-7.5)) * 0.9879 / (1 + math.exp(-4.4))
    assert qabf(source, source, source, 'standard') == pytest.approx(ceiling, abs=1e-12)
    assert qabf(source, source, source, 'literature') < ceiling - 0.05


def test_undefined_scd_does_not_hang_on_rounding(triple):
    """A constant difference is found exactly, whatever the offset and the size."""
    visible = triple[1] // 2
    for offset in (1, 3, 77):
        assert math.isnan(
            sum_of_correlations_of_differences(triple[0], visible, visible + np.uint8(offset))
        )
    nearly = visible + np.uint8(3)
    nearly[0, 0] += 1
    assert math.isfinite(sum_of_correlations_of_differences(triple[0], visible, nearly))


@pytest.mark.parametrize('axis', [0, 1])
def test_one_pixel_shift(triple, axis):
    """A shifted copy has the statistics of the source but loses its edges and detail."""
    source = triple[1]
    shifted = np.roll(source, 1, axis=axis)
    assert entropy(shifted) == pytest.approx(entropy(source), abs=1e-12)
    for protocol in PROTOCOLS:
        assert standard_deviation(shifted, protocol) == pytest.approx(
            standard_deviation(source, protocol), abs=1e-12
        )
        assert (
            mutual_information(source, source, shifted, protocol)
            < mutual_information(source, source, source, protocol) - 1
        )
    assert qabf(source, source, shifted, 'standard') < 0.8
    assert visual_information_fidelity(source, source, shifted, 'standard') < 1.8


def test_images_smaller_than_the_windows_of_vif(triple):
    for shape, says in (((40, 53), '40 x 53'), ((44, 40), '44 x 40')):
        small = [image[: shape[0], : shape[1]] for image in triple]
        with pytest.raises(ValueError, match=f'at least 41 x 41.*got {says}'):
            fusion_metrics(*small)
        for metric in (entropy, spatial_frequency, standard_deviation, average_gradient):
            assert math.isfinite(metric(small[2]))
        for metric in (mutual_information, sum_of_correlations_of_differences, qabf):
            assert math.isfinite(metric(*small))
    assert math.isfinite(fusion_metrics(*(image[:41, :41] for image in triple))['VIF'])


def test_two_pixels_are_the_least():
    image = np.array([[0, 255], [255, 0]], dtype=np.uint8)
    assert spatial_frequency(image) == pytest.approx(math.sqrt(2))
    assert average_gradient(image) == pytest.approx(4 * 255)
    assert entropy(image) == 1
    assert standard_deviation(image, 'standard') == 127.5
    assert standard_deviation(image, 'literature') == pytest.approx(math.sqrt(255 / 2))
    for metric in (entropy, spatial_frequency, standard_deviation, average_gradient):
        with pytest.raises(ValueError, match='2 x 2 pixels, got 1 x 2'):
            metric(image[:1])


def test_literature_sd_is_bounded_by_saturation():
    """Why published values stay near 9: half the pixels give 0 and the others 255 at most."""
    image = np.zeros((50, 50), dtype=np.uint8)
    image[:25] = 255
    assert standard_deviation(image, 'standard') == 127.5
    assert standard_deviation(image, 'literature') == pytest.approx(math.sqrt(127.5))
