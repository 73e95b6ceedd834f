"""The multi-modal gate: noisy top-K gating in float32, with the load estimator of [28]."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class Gating:
    """What a gate decided for a batch of N samples and E experts.

    Attributes:
        weights (Tensor): N x E, float32; each row sums to 1 and is 0 for unselected experts.
        load (Tensor): E, the smooth estimate of how many samples each expert receives in
            training (the plain count at test), with gradients where there is noise.
        selected (list[list[int]]): for each sample its K experts, best first.
    """

    weights: Tensor
    load: Tensor
    selected: list[list[int]]

    @property
    def importance(self) -> Tensor:
        """Tensor: E, the sum of each expert's gate weights over the batch ([28], equation 6)."""
        return self.weights.sum(dim=0)


class NoisyTopKGate(nn.Module):
    """``softmax(topK(s W))`` (paper, equations 1 and 3) on features of any size.

    ``s`` is the flattened feature map. Flattening as it is would tie the D x E weights to one
    image size; the features are average-pooled to a fixed grid first. ``s`` is divided by the
    square root of D: the gate can learn the same functions, but a step of Adam, which moves every
    weight by the learning rate, no longer drives the gate onto one expert at once.

    In training, Gaussian noise of a learnt scale is added before the top K are taken (Shazeer et
    al. [28], equations 3 to 5); at test the gate is clean. Both weight matrices start at zero
    ([28], appendix A). The gate computes in float32 under autocast.

    Args:
        in_channels (int): Channels C of the features.
        grid (tuple[int, int]): Rows and columns of the pooled features; D = C * rows * columns.
        num_experts (int): Number of experts E (N in the paper).
        top_k (int): Number of experts K that are selected for a sample.
        noise (bool): Whether to add noise in training. Defaults to True.

    Raises:
        ValueError: if not 1 <= ``top_k`` <= ``num_experts`` or the grid is not two positive sizes.
    """

    min_noise = 1e-2

    def __init__(
        self,
        in_channels: int,
        grid: tuple[int, int],
        num_experts: int,
        top_k: int,
        noise: bool = True,
    ) -> None:
        super().__init__()
        if not 1 <= top_k <= num_experts:
            raise ValueError(f'top_k must be from 1 to num_experts = {num_experts}, but is {top_k}')
        if len(grid) != 2 or min(grid) < 1:
            raise ValueError(f'a gate grid is two positive sizes (rows, columns), but is {grid}')
        self.grid = tuple(grid)
        self.num_experts, self.top_k, self.noise = num_experts, top_k, noise
        size = in_channels * grid[0] * grid[1]
        self.weight = nn.Parameter(torch.zeros(size, num_experts))
        if noise:
            self.noise_weight = nn.Parameter(torch.zeros(size, num_experts))

    def forward(self, *features: Tensor) -> Gating:
        """Choose K experts for each sample.

        Args:
            *features (Tensor): one or more N x C_i x H x W maps, read as if concatenated along
                the channels (sum of C_i = ``in_channels``).

        Returns:
            Gating: weights, load and the selected experts.
        """
        pooled = [F.adaptive_avg_pool2d(feature, self.grid).float() for feature in features]
        with torch.autocast(pooled[0].device.type, enabled=False):
            s = torch.cat(pooled, dim=1).flatten(1) / self.weight.shape[0] ** 0.5
            clean = s @ self.weight
            if not (self.training and self.noise):
                return self._select(clean)
            scale = F.softplus(s @ self.noise_weight) + self.min_noise
            noisy = clean + torch.randn_like(clean) * scale
            gating = self._select(noisy)
            if self.top_k < self.num_experts:
                gating.load = self._smooth_load(clean, noisy, scale)
            return gating

    def _select(self, logits: Tensor) -> Gating:
        top, index = logits.topk(self.top_k, dim=1)
        weights = torch.zeros_like(logits).scatter(1, index, top.softmax(dim=1))
        load = torch.zeros_like(logits).scatter(1, index, 1).sum(dim=0)
        return Gating(weights, load, index.tolist())

    def _smooth_load(self, clean: Tensor, noisy: Tensor, scale: Tensor) -> Tensor:
        """The probability that an expert stays among the top K if its noise is drawn anew,
        summed over the batch ([28], equations 8 to 10)."""
        top = noisy.topk(self.top_k + 1, dim=1).values
        kth, next_best = top[:, -2:-1], top[:, -1:]
        # The K-th largest of the others: the (K+1)-th of all for a selected expert.
        threshold = torch.where(noisy > next_best, next_best, kth)
        return torch.special.ndtr((clean - threshold) / scale).sum(dim=0)

    def extra_repr(self) -> str:
        return (
            f'grid={self.grid}, num_experts={self.num_experts}, top_k={self.top_k}, '
            f'noise={self.noise}'
        )
