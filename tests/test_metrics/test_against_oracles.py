"""Every metric against a slow version of its formula, in both protocols."""

import math
import sys

import numpy as np
import pytest

from moefusion import metrics
from moefusion.metrics import METRIC_NAMES, PROTOCOLS, fusion_metrics
from test_metrics import oracles

ALONE = dict(
    EN='entropy',
    SF='spatial_frequency',
    SD='standard_deviation',
    MI='mutual_information',
    VIF='visual_information_fidelity',
    AG='average_gradient',
    SCD='sum_of_correlations_of_differences',
    Qabf='qabf',
)
OF_FUSED = ('EN', 'SF', 'SD', 'AG')
BY_PROTOCOL = ('SD', 'MI', 'VIF', 'Qabf')


def assert_close(scores, expected):
    assert list(scores) == list(METRIC_NAMES)
    for name, value in scores.items():
        assert isinstance(value, float)
        tolerance = 1e-6 if name == 'VIF' else 1e-9
        assert math.isclose(value, expected[name], rel_tol=0, abs_tol=tolerance), name


@pytest.fixture(scope='module')
def expected(triple):
    return {
        protocol: oracles.oracle_metrics(*triple, protocol == 'literature')
        for protocol in PROTOCOLS
    }


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_all_eight(triple, expected, protocol):
    assert_close(fusion_metrics(*triple, protocol=protocol), expected[protocol])


def test_the_protocols_differ_where_documented(expected):
    differ = [
        name
        for name in METRIC_NAMES
        if abs(expected['literature'][name] - expected['standard'][name]) > 1e-4
    ]
    assert tuple(differ) == BY_PROTOCOL


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('name', METRIC_NAMES)
def test_each_by_itself(triple, expected, name, protocol):
    images = triple[2:] if name in OF_FUSED else triple
    options = dict(protocol=protocol) if name in BY_PROTOCOL else {}
    value = getattr(metrics, ALONE[name])(*images, **options)
    assert value == pytest.approx(expected[protocol][name], abs=1e-6 if name == 'VIF' else 1e-9)


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('shape', [(41, 41), (41, 97), (101, 43)])
def test_shapes_that_end_inside_a_tile_or_strip(shape, protocol):
    rng = np.random.default_rng(7)
    images = [(rng.random(shape) ** 3 * 256).astype(np.uint8) for _ in range(3)]
    assert_close(
        fusion_metrics(*images, protocol=protocol),
        oracles.oracle_metrics(*images, protocol == 'literature'),
    )


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_bright_images_take_the_short_way_to_the_same_value(protocol):
    """Above a mean of 16 nothing is left of the first scale of VIF in the literature protocol."""
    rng = np.random.default_rng(5)
    images = [
        rng.integers(low, high, (60, 64), dtype=np.uint8)
        for low, high in ((40, 90), (0, 40), (100, 256))
    ]
    images[1][:30] = 200
    assert_close(
        fusion_metrics(*images, protocol=protocol),
        oracles.oracle_metrics(*images, protocol == 'literature'),
    )


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_mask_multiplies_all_three_images(triple, protocol):
    mask = np.zeros(triple[0].shape, dtype=bool)
    mask[5:33, 12:50] = True
    assert_close(
        fusion_metrics(*triple, protocol=protocol, mask=mask),
        oracles.oracle_metrics(*(image * mask for image in triple), protocol == 'literature'),
    )


@pytest.mark.parametrize('pixels, rows', [(64, 1), (1024, 5), (2048, 16)])
def test_strips_and_tiles_do_not_change_the_values(triple, expected, monkeypatch, pixels, rows):
    """Strips of one row and of many, whatever the cache of the machine suggests."""
    monkeypatch.setattr(sys.modules['moefusion.metrics.strips'], 'PIXELS', pixels)
    monkeypatch.setattr(sys.modules['moefusion.metrics.gaussian'], 'ROWS', rows)
    assert_close(fusion_metrics(*triple), expected['literature'])
