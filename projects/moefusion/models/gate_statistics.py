"""What the gates decided, over the whole batch, all ranks and many iterations: load losses, log."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn

from moefusion.fusion import Gating, NoisyTopKGate
from moefusion.losses import load_loss


def reduce_with_gradient(local: Tensor) -> Tensor:
    """Sum ``local`` over ranks so that the gradient, once averaged by DDP, is that of one process.

    The gradient reaches this rank's part alone, times the number of ranks, since DDP divides by
    it. No collective runs in the backward pass, whose order may differ between ranks that chose
    different experts.
    """
    ranks = get_world_size()
    if ranks == 1:
        return local
    total = local.detach().clone()
    all_reduce(total)
    return total + ranks * (local - local.detach())


class GateStatistics(nn.Module):
    """Load losses over many batches, and what tells in the log whether gates decide.

    Four samples cannot be spread evenly over the experts of their choice: the load loss of one
    batch is never 0, and its gradient drowns the task's. So the shares of importance and load
    are running means; their gradient is that of the batch at hand.

    Args:
        gates (Mapping[str, NoisyTopKGate]): each mixture's gate.
        momentum (float): a batch's part of the running mean. Defaults to 0.03.
    """

    def __init__(self, gates: Mapping[str, NoisyTopKGate], momentum: float = 0.03) -> None:
        super().__init__()
        self.names, self.momentum = list(gates), momentum
        for name, gate in gates.items():
            even = torch.full((2, gate.num_experts), 1 / gate.num_experts)
            self.register_buffer(f'shares_{name}', even)

    def forward(self, gatings: Sequence[Mapping[str, Gating]]) -> dict[str, Tensor]:
        """Load losses and entries for the log.

        Args:
            gatings (Sequence[Mapping[str, Gating]]): for each sample of this rank's batch, each
                mixture's decision.

        Returns:
            dict[str, Tensor]: ``load.loss_<mixture>``; ``gates.<mixture>_<number>``, the running
            mean of an expert's share of the weights, 1 / E if all are used alike, and
            ``gates.<mixture>``, the largest of them;
            ``gates.<mixture>_spread``, how much the logits differ between samples, as a multiple
            of the noise: below 1 chance decides.
        """
        if not self.names:  # no mixture is left to choose in
            return {}
        groups = {name: [each[name] for each in gatings] for name in self.names}
        parts = [
            torch.stack([_joined(group, 'weights'), _joined(group, 'load')]).sum(dim=1)
            for group in groups.values()
        ]
        sums = reduce_with_gradient(torch.stack(parts))
        result = {}
        for (name, group), both in zip(groups.items(), sums):
            now = both / both.sum(dim=1, keepdim=True)
            history = getattr(self, f'shares_{name}')
            with torch.no_grad():
                history.lerp_(now, self.momentum)
            shares = history + now - now.detach()
            result[f'load.loss_{name}'] = load_loss(*shares)
            importance = shares[0].detach()
            result[f'gates.{name}'] = importance.max()
            result |= {f'gates.{name}_{number}': share for number, share in enumerate(importance)}
            if group[0].noise is not None:
                spread = _joined(group, 'logits').std(dim=0, unbiased=False).mean()
                result[f'gates.{name}_spread'] = (spread / _joined(group, 'noise').mean()).detach()
        return result


def _joined(group: Sequence[Gating], part: str) -> Tensor:
    return torch.cat([getattr(gating, part) for gating in group])
