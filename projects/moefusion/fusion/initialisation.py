"""How the fusion network's weights start."""

from collections.abc import Iterable

import torch
from torch import nn


def initialise(parts: Iterable[nn.Module]) -> None:
    """Kaiming's initialisation of every convolution, with biases of 0.

    PyTorch's default shrinks features in each layer, and with them what a gate's choice does.
    """
    for part in parts:
        for module in part.modules():
            if isinstance(module, nn.Conv2d):
                weight, bias = module.parameters()
                nn.init.kaiming_normal_(weight, nonlinearity='relu')
                nn.init.zeros_(bias)


@torch.no_grad()
def start_at_gray(experts: Iterable[nn.Module], source_skip: bool) -> None:
    """Let each global expert's output start near a dark gray, or near the sources' mean.

    Args:
        experts (Iterable[nn.Module]): initialised; the last convolution of each is changed.
        source_skip (bool): whether its last inputs are the cells of both sources.
    """
    for expert in experts:
        *_, weight, bias = expert.parameters()
        weight.mul_(0.1)
        bias.fill_(0.0 if source_skip else 0.3)
        if source_skip:
            taps = torch.eye(len(weight)).repeat(1, 2) / 2
            weight[:, -taps.shape[1] :] = 0
            weight[:, -taps.shape[1] :, 1, 1] = taps
