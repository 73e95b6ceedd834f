"""Strips against the whole image: the same decisions, no seam."""

import pytest
import torch

from moefusion.fusion import FusionNetwork
from moefusion.fusion.pooling import cell_shares
from moefusion.fusion.strips import fuse_in_strips


def network(**options):
    sizes = dict(channels=4, local_hidden=2, global_widths=(6, 5), local_grid=(3, 2))
    network = FusionNetwork(**{**sizes, 'global_grid': (4, 3), **options}).eval()
    for gate in network.gates().values():
        torch.nn.init.normal_(gate.weight)
    return network


@pytest.mark.parametrize('size', [(61, 47), (96, 33), (5, 8)])
@pytest.mark.parametrize(
    'options',
    [dict(), dict(stride=2, source_skip=True, dense_features=1), dict(background_mixture=False)],
)
@pytest.mark.parametrize('rows', [1, 25])
def test_strips_equal_the_whole(size, options, rows):
    fuse = network(**options)
    images = torch.rand(4, 2, 1, *size)
    with torch.no_grad():
        whole = fuse(*images)
        cells = rows * -(-size[1] // fuse.stride)
        fused, gatings = fuse_in_strips(fuse, *images[:2], whole.attention, {}, cells)
    torch.testing.assert_close(fused, whole.fused, atol=1e-5, rtol=0)
    for name, gating in whole.gatings.items():
        assert gatings[name].selected == gating.selected
        torch.testing.assert_close(gatings[name].weights, gating.weights)


def test_large_images_are_fused_in_strips_with_given_decisions(monkeypatch):
    fuse = network()
    images = torch.rand(4, 1, 1, 40, 50)
    calls = []

    def in_strips(*inputs):
        calls.append(len(inputs))
        return fuse_in_strips(*inputs, cells=100)

    monkeypatch.setattr('moefusion.fusion.network.fuse_in_strips', in_strips)
    with torch.no_grad():
        others = fuse(*torch.rand(4, 1, 1, 20, 20)).gatings
        whole = fuse(*images, gatings=others)
        assert not calls
        monkeypatch.setattr(fuse, 'largest_whole', 1999)
        strips = fuse(*images, gatings=others)
    assert calls
    torch.testing.assert_close(strips.fused, whole.fused, atol=1e-5, rtol=0)


@pytest.mark.parametrize('size, count', [(10, 3), (3, 7), (8, 8), (65, 8)])
def test_cell_shares_are_adaptive_pooling(size, count):
    values = torch.rand(1, size)
    expected = torch.nn.functional.adaptive_avg_pool1d(values, count)
    torch.testing.assert_close(values @ cell_shares(size, count).T, expected)
