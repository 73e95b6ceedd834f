"""one_sided_metrics: they add up to the two-sided ones, and tell a copy of one source."""

import numpy as np
import pytest

from moefusion.metrics import ONE_SIDED_NAMES, fusion_metrics, one_sided_metrics


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    visible, infrared = (rng.integers(0, 200, (48, 56)).astype(np.uint8) for _ in range(2))
    return visible, infrared, ((visible.astype(int) + infrared) // 2).astype(np.uint8)


@pytest.mark.parametrize('protocol', ['literature', 'standard'])
def test_both_sides_add_up(images, protocol):
    both, sides = fusion_metrics(*images, protocol), one_sided_metrics(*images, protocol)
    assert tuple(sides) == ONE_SIDED_NAMES
    for name in ('MI', 'VIF'):
        assert sides[f'{name} visible'] + sides[f'{name} infrared'] == pytest.approx(both[name])
    pair = sides['Qabf visible'], sides['Qabf infrared']
    assert min(pair) <= both['Qabf'] <= max(pair)


def test_a_copy_of_one_source(images):
    visible, infrared, _ = images
    sides = one_sided_metrics(visible, infrared, infrared, 'standard')
    assert sides['VIF infrared'] == pytest.approx(1)
    assert sides['VIF visible'] < 0.1
    assert sides['Qabf infrared'] > 0.9 > sides['Qabf visible']
