"""The bare convolutions of a run: what no network of the same layers can be faster than."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode


class ConvolutionClock(TorchDispatchMode):
    """Times the convolutions that run under it; nothing is kept, so any image will do.

    Attributes:
        seconds (float): of all so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Run an operator; PyTorch calls this."""
        start = time.perf_counter()
        found = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.seconds += time.perf_counter() - start
            self.note(args)
        return found

    def note(self, args: tuple[Any, ...]) -> None:
        """Take in a convolution's arguments."""


class Convolutions(ConvolutionClock):
    """Also keeps the convolutions, with their weights and inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def note(self, args: tuple[Any, ...]) -> None:
        """Keep a convolution's arguments."""
        self.calls.append(args)

    def run_again(self) -> None:
        """Run the convolutions, and nothing between them."""
        for args in self.calls:
            torch.ops.aten.convolution(*args)
