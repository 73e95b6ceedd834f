"""AttentionMerge: both modes against values by hand."""

import pytest
import torch

from moefusion.fusion import AttentionMerge


def test_max_is_the_larger_of_the_two():
    visible = torch.tensor([[[[0.1, 0.9]]]])
    infrared = torch.tensor([[[[0.4, 0.2]]]])
    merge = AttentionMerge('max')
    assert merge(visible, infrared).flatten().tolist() == pytest.approx([0.4, 0.9])
    assert list(merge.parameters()) == []


def test_conv_by_hand():
    """Sigmoid of the larger of two 3 x 3 convolutions, at the middle of a 3 x 3 map."""
    merge = AttentionMerge('conv')
    with torch.no_grad():
        merge.conv.weight.zero_()
        merge.conv.weight[0, 0] = 0.5  # sum of the visible map's neighbourhood, halved
        merge.conv.weight[1, 1, 1, 1] = 2  # the infrared pixel, doubled
        merge.conv.bias.copy_(torch.tensor([-1.0, 0.25]))
    visible, infrared = torch.full((1, 1, 3, 3), 0.4), torch.full((1, 1, 3, 3), 0.1)
    infrared[0, 0, 0, 0] = 0.9
    merged = merge(visible, infrared)[0, 0]
    assert merged.shape == (3, 3)
    # middle: max(0.5 * 9 * 0.4 - 1, 2 * 0.1 + 0.25) = 0.8; the first corner sees 4 pixels:
    # max(0.5 * 4 * 0.4 - 1, 2 * 0.9 + 0.25) = 2.05
    assert merged[1, 1].item() == pytest.approx(1 / (1 + 2.718281828**-0.8))
    assert merged[0, 0].item() == pytest.approx(1 / (1 + 2.718281828**-2.05))


def test_conv_starts_near_the_maximum():
    torch.manual_seed(3)
    merge = AttentionMerge('conv')
    maps = torch.zeros(2, 1, 1, 16, 16)
    maps[0, ..., :4, :] = 1  # attended in the visible image alone
    maps[1, ..., 12:, :] = 1  # in the infrared image alone
    merged = merge(*maps)[0, 0]
    assert merged[1:3, 1:-1].min() > 0.7 and merged[13:15, 1:-1].min() > 0.7
    assert merged[6:10, 1:-1].max() < 0.3
    assert sum(p.numel() for p in merge.parameters()) == 2 * (2 * 9 + 1)


def test_conv_learns():
    merge = AttentionMerge()
    merge(torch.rand(1, 1, 5, 5), torch.rand(1, 1, 5, 5)).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in merge.parameters())
