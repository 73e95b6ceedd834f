"""fuse_by: each decision gives what the network itself makes of it."""

import pytest
import torch

from moefusion.fusion import FusionNetwork, Gating
from moefusion.fusion.alternatives import fuse_by


def decision(network, *weights):
    """Weights for every gate, N of each."""
    rows = (torch.tensor([each]) for each in weights)
    return {
        name: Gating(row, row, row.topk(gate.top_k).indices, row)
        for (name, gate), row in zip(network.gates().items(), rows)
    }


def test_decisions_that_share_work_stay_apart():
    network = FusionNetwork(local_grid=(2, 2), global_grid=(2, 2), global_widths=(8, 4), stride=2)
    network.eval()
    sources = torch.rand(4, 1, 1, 21, 30)
    first, second, third = [0.3, 0.7, 0, 0], [0, 0, 0.5, 0.5], [0, 0.9, 0, 0.1]
    decisions = [
        decision(network, *weights)
        for weights in (
            (first, second, third),
            (first, second, first),
            (second, second, third),
            (third, first, second),
            (first, second, third),
        )
    ]
    images = fuse_by(network, sources, decisions)
    with torch.no_grad():
        expected = [network(*sources, gatings=given).fused for given in decisions]
    torch.testing.assert_close(images, expected, rtol=1e-5, atol=1e-6)
    assert all((image - images[0]).abs().max() > 1e-4 for image in images[1:4])


@pytest.mark.parametrize(
    'options',
    [
        dict(local='attention'),
        dict(local='none'),
        dict(background_mixture=False),
        dict(global_mixture=False),
        dict(gating='equal'),
        dict(global_widths=()),
        dict(stride=2, source_skip=True, dense_features=1),
        dict(dense_features=0),
        dict(global_widths=(), source_skip=True),
    ],
)
def test_every_kind_of_network(options):
    network = FusionNetwork(**dict(local_grid=(2, 2), global_grid=(2, 2)) | options).eval()
    sources = torch.rand(4, 1, 1, 17, 23)
    with torch.no_grad():
        own = network(*sources)
    (image,) = fuse_by(network, sources, [own.gatings])
    torch.testing.assert_close(image, own.fused, rtol=1e-5, atol=1e-6)


def test_large_images_are_left_to_the_network(monkeypatch):
    network = FusionNetwork(local_grid=(2, 2), global_grid=(2, 2)).eval()
    sources = torch.rand(4, 1, 1, 20, 20)
    given = decision(network, *[[0.5, 0, 0.5, 0]] * 3)
    monkeypatch.setattr(network, 'largest_whole', 399)
    with torch.no_grad():
        expected = network(*sources, gatings=given).fused
    monkeypatch.delattr('moefusion.fusion.alternatives._features')
    assert torch.equal(fuse_by(network, sources, [given])[0], expected)
