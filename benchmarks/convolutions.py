"""The bare convolutions of a run: what no network of the same layers can be faster than."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode


class Convolutions(TorchDispatchMode):
    """Times the convolutions that run under it, and keeps them with their weights and inputs.

    Args:
        keep (bool): False for images whose features would not fit into memory. Defaults to True.

    Attributes:
        seconds (float): of all so far.
        calls (list[tuple]): the arguments of those that are kept.
    """

    def __init__(self, keep: bool = True) -> None:
        super().__init__()
        self.keep, self.seconds = keep, 0.0
        self.calls: list[tuple[Any, ...]] = []

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
            if self.keep:
                self.calls.append(args)
        return found

    def run_again(self) -> None:
        """Run the convolutions, and nothing between them."""
        for args in self.calls:
            torch.ops.aten.convolution(*args)
