"""The densely connected encoder of one modality (paper, section 3.1 and supplement E)."""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DenseEncoder(nn.Module):
    """C1 and three densely connected 3 x 3 convolutions, each followed by ReLU.

    The structure is DenseFuse's: every convolution sees the outputs of all before it. The two
    modalities have one encoder each; they share no parameters.

    Args:
        channels (int): Channels of every convolution's output. Defaults to 16, as in the paper.
        num_dense (int): Number of densely connected convolutions DC1, DC2, ... Defaults to 3.
    """

    def __init__(self, channels: int = 16, num_dense: int = 3) -> None:
        super().__init__()
        self.out_channels = channels
        self.dense_channels = channels * (num_dense + 1)
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.dense = nn.ModuleList(
            nn.Conv2d(channels * (i + 1), channels, 3, padding=1) for i in range(num_dense))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Encode a batch of gray images.

        Args:
            image (Tensor): N x 1 x H x W in [0, 1], any H and W.

        Returns:
            tuple[Tensor, Tensor]: ``x_enc``, the last convolution's output (N x 16 x H x W), and
            ``x_dense``, all outputs one behind the other (N x 64 x H x W; C1, DC1, DC2, DC3).
        """
        features = F.relu(self.stem(image), inplace=True)
        for conv in self.dense:
            latest = F.relu(conv(features), inplace=True)
            features = torch.cat([features, latest], dim=1)
        return latest, features
