"""Features of single experts, against the experts themselves; the picture by what is in it."""

import numpy as np
import pytest
import torch

from moefusion.fusion import FusionNetwork
from moefusion.visualization.expert_picture import capture_experts, draw_experts
from moefusion.visualization.fusion_picture import FusionPicture

SMALL = dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4))


def images():
    return torch.rand(4, 2, 1, 20, 24, generator=torch.Generator().manual_seed(1))


def test_every_expert_is_shown_and_none_changes_the_fused_image():
    network = FusionNetwork(**SMALL, attention_merge='max').eval()
    visible, infrared, *maps = images()
    background, seen = network.local['background'], []
    background.register_forward_pre_hook(lambda mixture, inputs: seen.extend(inputs))
    with torch.no_grad():
        before = network(visible, infrared, *maps).fused
        with capture_experts(network) as found:
            assert not found
            assert torch.equal(network(visible, infrared, *maps).fused, before)
        kept = {name: features.copy() for name, features in found.items()}
        network(infrared, visible, *maps)  # not captured any more
        attention = 1 - torch.maximum(*maps)[1:]
        features = seen[1][1:] * attention  # of the second infrared image
        expected = background.experts[3](features).abs().mean(dim=1)[0]
    assert [features.shape for features in kept.values()] == [(4, 20, 24)] * 2
    np.testing.assert_allclose(kept['local_background'][3], expected.numpy(), rtol=1e-5)
    assert all(np.array_equal(found[name], kept[name]) for name in kept)


@pytest.mark.parametrize('local', ['none', 'attention'])
def test_without_mole_there_is_nothing_to_show(local):
    network = FusionNetwork(**SMALL, local=local).eval()
    with torch.no_grad(), capture_experts(network) as found:
        network(*images()[:2])
    assert found == {}


def test_the_picture_has_a_row_for_each_mixture():
    """Yellow is the upper end of the scale, which all experts of a mixture share."""
    picture = FusionPicture(
        title='scene.png',
        visible=np.zeros((30, 40, 3), np.uint8),
        infrared=np.zeros((30, 40), np.uint8),
        fused=np.zeros((30, 40, 3), np.uint8),
        attention=np.zeros((30, 40)),
        gates=dict(local_foreground=np.full(4, 0.25), local_background=np.full(4, 0.25)),
    )
    flat = np.ones((4, 15, 20), np.float32) * np.array([0, 0, 0, 1]).reshape(4, 1, 1)
    drawn = draw_experts(picture, dict(local_foreground=flat, local_background=flat[::-1]))
    assert draw_experts(picture, {}).shape[0] < drawn.shape[0] / 2
    yellow = np.abs(drawn.astype(int) - (253, 231, 37)).max(axis=-1) < 3
    rows, columns = yellow.nonzero()
    middle = drawn.shape[0] * 2 / 3
    assert columns[rows < middle].min() > 0.7 * drawn.shape[1]  # the foreground's last expert
    assert columns[rows > middle].max() < 0.3 * drawn.shape[1]  # the background's first
