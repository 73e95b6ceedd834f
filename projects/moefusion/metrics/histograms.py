"""Histograms of gray levels and their entropies in bits."""

import math

import torch
from torch import Tensor

from moefusion.metrics.images import GrayImages

LEVELS = 256


def histogram(images: GrayImages) -> Tensor:
    """Counts of the 256 levels, ``N x 256``, ``int64``."""
    return torch.stack([torch.bincount(one.flatten(), minlength=LEVELS) for one in images.levels])


def joint_histogram(first: GrayImages, second: GrayImages) -> Tensor:
    """Counts of the pairs of levels (first, second), ``N x 256 x 256``, ``int64``."""
    pairs = first.levels.int().mul_(LEVELS).add_(second.levels).flatten(1)
    counts = [torch.bincount(one, minlength=LEVELS * LEVELS) for one in pairs]
    return torch.stack(counts).view(-1, LEVELS, LEVELS)


def entropy_bits(counts: Tensor) -> Tensor:
    """Shannon entropy in bits of each image's counts, ``N x ...`` to N values, ``float64``."""
    counts = counts.flatten(1).double()
    nats: Tensor = torch.special.entr(counts / counts.sum(dim=1, keepdim=True)).sum(dim=1)
    return nats / math.log(2)
