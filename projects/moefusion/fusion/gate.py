"""The multi-modal gate: noisy top-K gating in float32, with the load estimator of [28]."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.pooling import average_pool


@dataclass
class Gating:
    """What a gate decided for a batch of N samples and E experts.

    Attributes:
        weights (Tensor): N x E, float32; each row sums to 1 and is 0 for unselected experts.
        load (Tensor): N x E, how much of each sample an expert receives: in training the smooth
            estimate, with gradients where there is noise; at test 1 or 0.
        index (Tensor): N x K, for each sample its experts, best first.
        logits (Tensor): N x E, float32, without noise.
        noise (Tensor | None): N x E, the noise's standard deviations; None without noise.
    """

    weights: Tensor
    load: Tensor
    index: Tensor
    logits: Tensor
    noise: Tensor | None = None

    @property
    def selected(self) -> list[list[int]]:
        """``index`` as numbers."""
        return self.index.tolist()

    def row(self, number: int) -> Gating:
        """The decision for one sample of the batch."""
        parts: dict[str, Any] = {
            name: part if part is None else part[number : number + 1]
            for name, part in vars(self).items()
        }
        return Gating(**parts)


class RunningStandard(nn.Module):
    """Standardises every entry of ``s`` by its own running mean and deviation.

    Pooled features are small, and more than three quarters of them are common to all images
    (measured): a linear map of them as they are gives every image the same logits. Training
    normalises by the running statistics too, so that a gate decides in training as at test and
    a batch of one works.

    A batch adds ``momentum`` to the statistics of D entries, once 1 / momentum are seen; until
    then they are the plain mean of the batches. Values beyond ``limit`` are clipped, since few
    entries far off would outvote all others.
    """

    momentum, limit = 0.1, 4.0
    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer('mean', torch.zeros(size))
        self.register_buffer('variance', torch.ones(size))
        self.register_buffer('batches', torch.zeros((), dtype=torch.long))

    def forward(self, s: Tensor) -> Tensor:
        """Standardise N x D values; in training their statistics are taken along first."""
        if self.training:
            with torch.no_grad():
                self.batches += 1
                share = max(self.momentum, 1 / int(self.batches))
                self.mean.lerp_(s.mean(dim=0), share)
                self.variance.lerp_((s - self.mean).square().mean(dim=0), share)
        scale = (self.variance.float() + 1e-10).rsqrt()
        return ((s - self.mean.float()) * scale).clamp(-self.limit, self.limit)


class NoisyTopKGate(nn.Module):
    """``softmax(topK(s W))`` (paper, equations 1 and 3) on features of any size.

    ``s`` is the flattened feature map. Flattening as it is would tie the D x E weights to one
    image size; the features are average-pooled to a fixed grid first. The entries of ``s`` are
    standardised (:class:`RunningStandard`) and divided by the square root of D, so that logits
    start at the size of single weights whatever the grid.

    In training, Gaussian noise of a learnt scale is added before the top K are taken (Shazeer et
    al. [28], equations 3 to 5); at test the gate is clean. Both weight matrices start at zero
    ([28], appendix A), so the noise starts at ``noise``; [28]'s softplus(0) = 0.69 drowned the
    logits for all of the training. The gate computes in float32, whatever the network's precision.

    Args:
        in_channels (int): Channels C of the features.
        grid (tuple[int, int]): Rows and columns of the pooled features; D = C * rows * columns.
        num_experts (int): Number of experts E (N in the paper).
        top_k (int): Number of experts K that are selected for a sample.
        noise (float): Standard deviation of the noise at the start; 0 for none. Defaults to 0.2.

    Attributes:
        average (tuple[Tensor, Tensor], optional): for a frame of a video, the logits N x E that are
            averaged up to the frame before, and what this one adds, in [0, 1]: 1 changes nothing.

    Raises:
        ValueError: if not 1 <= ``top_k`` <= ``num_experts``, the grid is not two positive sizes,
            or ``noise`` is negative.
    """

    min_noise = 1e-2
    average: tuple[Tensor, Tensor] | None = None

    def __init__(
        self,
        in_channels: int,
        grid: tuple[int, int],
        num_experts: int,
        top_k: int,
        noise: float = 0.2,
    ) -> None:
        super().__init__()
        if not 1 <= top_k <= num_experts:
            raise ValueError(f'top_k must be from 1 to num_experts = {num_experts}, but is {top_k}')
        if len(grid) != 2 or min(grid) < 1:
            raise ValueError(f'a gate grid is two positive sizes (rows, columns), but is {grid}')
        if noise < 0:
            raise ValueError(f'the noise of a gate must be 0 or more, but is {noise}')
        self.grid = (grid[0], grid[1])
        self.num_experts, self.top_k = num_experts, top_k
        self.noise = float(noise)
        size = in_channels * grid[0] * grid[1]
        self.standard = RunningStandard(size)
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
        return self.decide(torch.cat([average_pool(feature, self.grid) for feature in features], 1))

    def decide(self, pooled: Tensor) -> Gating:
        """Choose K experts for each sample by its pooled features, N x C x rows x columns."""
        with torch.autocast(pooled.device.type, enabled=False):
            s = self.standard(pooled.float().flatten(1)) / self.weight.shape[0] ** 0.5
            clean = s @ self.weight.float()
            if self.average:
                before, share = self.average
                clean = share * clean + (1 - share) * before
            if not (self.training and self.noise):
                return self._select(clean, clean)
            scale = (
                self.noise * F.softplus(s @ self.noise_weight.float()) / math.log(2)
                + self.min_noise
            )
            noisy = clean + torch.randn_like(clean) * scale
            gating = self._select(noisy, clean)
            gating.noise = scale
            if self.top_k < self.num_experts:
                gating.load = self._smooth_load(clean, noisy, scale)
            return gating

    def _select(self, logits: Tensor, clean: Tensor) -> Gating:
        top, index = logits.topk(self.top_k, dim=1)
        weights = torch.zeros_like(logits).scatter(1, index, top.softmax(dim=1))
        load = torch.zeros_like(logits).scatter(1, index, 1)
        return Gating(weights, load, index, clean)

    def _smooth_load(self, clean: Tensor, noisy: Tensor, scale: Tensor) -> Tensor:
        """The probability that an expert stays among the top K if its noise is drawn anew.

        See [28], equations 8 to 10; they sum it over the batch.
        """
        top = noisy.topk(self.top_k + 1, dim=1).values
        kth, next_best = top[:, -2:-1], top[:, -1:]
        # The K-th largest of the others: the (K+1)-th of all for a selected expert.
        threshold = torch.where(noisy > next_best, next_best, kth)
        probability: Tensor = torch.special.ndtr((clean - threshold) / scale)
        return probability
