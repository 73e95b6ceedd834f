"""DenseEncoder: layout, dense connection, independence of the convolutions."""

import pytest
import torch
from torch.nn import functional as F

from moefusion.fusion import DenseEncoder


@pytest.fixture
def encoder():
    return DenseEncoder().eval()


def changed_groups(encoder, image, perturb):
    """Which of C1, DC1, DC2, DC3 differ once ``perturb`` has changed the encoder."""
    with torch.no_grad():
        before = encoder(image)
        perturb()
        after = encoder(image)
    return [not torch.equal(a, b) for a, b in zip(before, after)]


def test_outputs(encoder):
    features = encoder(torch.rand(2, 1, 9, 13))
    assert [tuple(each.shape) for each in features] == [(2, 16, 9, 13)] * 4
    # a ReLU behind every convolution
    assert all((each >= 0).all() and (each == 0).any() for each in features)


def test_number_of_parameters(encoder):
    # (inputs * 9 + 1) * 16 for 1, 16, 32 and 48 inputs
    by_hand = (9 + 1) * 16 + (144 + 1) * 16 + (288 + 1) * 16 + (432 + 1) * 16
    assert sum(p.numel() for p in encoder.parameters()) == by_hand == 14_032


@pytest.mark.parametrize('number', range(4))
def test_each_convolution_feeds_all_later_ones(encoder, number):
    convs = [encoder.stem, *encoder.dense]

    def perturb():
        convs[number].bias += 0.5

    assert changed_groups(encoder, torch.rand(1, 1, 8, 8), perturb) == [
        i >= number for i in range(4)
    ]


def test_the_last_convolution_reads_c1_directly(encoder):
    """Not only through DC1 and DC2: its weights on C1's channels alone change DC3 alone."""

    def perturb():
        encoder.dense[2].weight[:, :16] += 0.1

    assert changed_groups(encoder, torch.rand(1, 1, 8, 8), perturb) == [False] * 3 + [True]


def test_equals_the_convolutions_written_out(encoder):
    image = torch.rand(1, 1, 6, 7)
    features = [F.conv2d(image, encoder.stem.weight, encoder.stem.bias, padding=1).relu()]
    for conv in encoder.dense:
        features.append(F.conv2d(torch.cat(features, 1), conv.weight, conv.bias, padding=1).relu())
    torch.testing.assert_close(torch.cat(encoder(image), 1), torch.cat(features, 1))


def test_training_reaches_every_parameter():
    encoder = DenseEncoder()
    torch.cat(encoder(torch.rand(2, 1, 16, 16)), 1).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())
