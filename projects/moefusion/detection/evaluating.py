"""Runs a part of a model as at test in the middle of its training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def as_at_test(module: nn.Module) -> Iterator[None]:
    """Within, the module is in evaluation mode without gradients; then each part as it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
