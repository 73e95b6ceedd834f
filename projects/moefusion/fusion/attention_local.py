"""Att-Local (paper, section 4.5): local features without experts, for the ablation of Table 2."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionLocal(nn.Module):
    """Both modalities' attended features through a 1 x 1 convolution, the same for every image.

    Args:
        channels (int): Channels of one modality's features and of the output. Defaults to 16.
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, visible: Tensor, infrared: Tensor, attention: Tensor) -> Tensor:
        """Weigh and join the local features.

        Args:
            visible (Tensor): ``x_enc`` of the visible image, N x C x H x W.
            infrared (Tensor): ``x_enc`` of the infrared image, the same shape.
            attention (Tensor): ``Att`` (or 1 - ``Att`` for the background), N x 1 x H x W.

        Returns:
            Tensor: N x C x H x W.
        """
        joined: Tensor = self.conv(torch.cat([visible, infrared], dim=1) * attention)
        return joined
