"""Sums what the gates decided over the sizes in a batch and over all ranks."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from moefusion.fusion import Gating


def reduce_with_gradient(local: Tensor) -> Tensor:
    """Sum over ranks whose gradient, once averaged by DDP, is that of one process.

    The value is the sum over all ranks. Its gradient reaches this rank's part alone, times the
    number of ranks, since DDP divides by it. No collective runs in the backward pass, whose
    order may differ between ranks that chose different experts.

    Args:
        local (Tensor): this rank's part.

    Returns:
        Tensor: the same shape; ``local`` itself where there is one process.
    """
    ranks = get_world_size()
    if ranks == 1:
        return local
    total = local.detach().clone()
    all_reduce(total)
    return total + ranks * (local - local.detach())


class GateStatistics:
    """Importance and load of every expert over the global batch.

    Args:
        gatings (list[dict[str, Gating]]): for each size in this rank's batch, each mixture's
            decision.
    """

    def __init__(self, gatings: list[dict[str, Gating]]) -> None:
        local = torch.stack(
            [
                sum(torch.stack([group[name].importance, group[name].load]) for group in gatings)
                for name in gatings[0]
            ]
        )
        self.sums: dict[str, tuple[Tensor, Tensor]] = {
            name: (importance, load)
            for name, (importance, load) in zip(gatings[0], reduce_with_gradient(local))
        }

    def shares(self) -> dict[str, Tensor]:
        """For the log: the largest share of gate weight that one expert of a mixture has.

        1 / E if all are used alike, 1 if the gate has collapsed onto one.
        """
        return {
            f'gates.{name}': (importance.max() / importance.sum()).detach()
            for name, (importance, _) in self.sums.items()
        }
