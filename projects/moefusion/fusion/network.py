"""The fusion network: encoders, attention merge, local and global mixtures (paper, Fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from moefusion.fusion.attention import AttentionMerge
from moefusion.fusion.encoder import DenseEncoder
from moefusion.fusion.gate import Gating
from moefusion.fusion.mixture import GlobalMixture, LocalMixture


@dataclass
class FusionOutput:
    """What the fusion network makes of a batch.

    Attributes:
        fused (Tensor): I_F, N x 1 x H x W; about [0, 1], clip it before you show or store it.
        attention (Tensor): Att, N x 1 x H x W in [0, 1].
        gatings (dict[str, Gating]): the decisions of the gates ``local_foreground``,
            ``local_background`` (where there is a background mixture) and ``global``.
    """

    fused: Tensor
    attention: Tensor
    gatings: dict[str, Gating]


class FusionNetwork(nn.Module):
    """MoE-Fusion's fusion network on aligned gray pairs of any size.

    The defaults are the paper's.

    Args:
        channels (int): Channels of the encoders' convolutions and of ``y_local``. Defaults to 16.
        local_hidden (int): Hidden channels of a local expert. Defaults to 8.
        global_widths (Sequence[int]): Widths of a global expert's hidden convolutions.
        num_experts (int): N of every mixture, even. Defaults to 4.
        top_k (int): K of every mixture. Defaults to 2.
        local_grid (tuple[int, int]): Rows and columns of the local gates' pooled input. Defaults
            to a quarter of 480 x 640.
        global_grid (tuple[int, int]): The same for the global gate. Defaults to an eighth.
        background_mixture (bool): Whether a second local mixture works on 1 - Att (paper, section
            4.6). Defaults to True.
        attention_merge (str): ``'conv'`` or ``'max'``, see :class:`AttentionMerge`.
        noise (bool): Whether the gates are noisy in training. Defaults to True.

    Raises:
        ValueError: if ``num_experts`` is odd, ``top_k`` is not from 1 to ``num_experts``, a grid is
            not two positive sizes, or ``attention_merge`` is unknown.

    Examples:
        >>> network = FusionNetwork(local_grid=(8, 8), global_grid=(4, 4)).eval()
        >>> visible, infrared = torch.rand(2, 1, 1, 479, 641)
        >>> network(visible, infrared).fused.shape
        torch.Size([1, 1, 479, 641])
    """

    def __init__(
        self,
        channels: int = 16,
        local_hidden: int = 8,
        global_widths: Sequence[int] = (64, 32, 16),
        num_experts: int = 4,
        top_k: int = 2,
        local_grid: tuple[int, int] = (120, 160),
        global_grid: tuple[int, int] = (60, 80),
        background_mixture: bool = True,
        attention_merge: str = 'conv',
        noise: bool = True,
    ) -> None:
        super().__init__()
        self.visible_encoder = DenseEncoder(channels)
        self.infrared_encoder = DenseEncoder(channels)
        self.attention_merge = AttentionMerge(attention_merge)
        regions = ['foreground', 'background'] if background_mixture else ['foreground']
        self.local = nn.ModuleDict(
            {
                region: LocalMixture(channels, local_hidden, num_experts, top_k, local_grid, noise)
                for region in regions
            }
        )
        fusion_channels = len(regions) * channels + 2 * self.visible_encoder.dense_channels
        self.decoder = GlobalMixture(
            fusion_channels, global_widths, num_experts, top_k, global_grid, noise
        )

    def forward(
        self,
        visible: Tensor,
        infrared: Tensor,
        visible_attention: Tensor | None = None,
        infrared_attention: Tensor | None = None,
    ) -> FusionOutput:
        """Fuse a batch of aligned pairs of one size.

        Args:
            visible (Tensor): I_V, gray, N x 1 x H x W in [0, 1].
            infrared (Tensor): I_I, the same shape and range.
            visible_attention (Tensor, optional): Att_V, N x 1 x H x W in [0, 1]. Without it the
                map is 1 everywhere.
            infrared_attention (Tensor, optional): Att_I likewise.

        Returns:
            FusionOutput: the fused images, the merged attention and the gates' decisions.

        Raises:
            ValueError: if the two images differ in shape, are not N x 1 x H x W, or are empty, or
                if a map is not of their shape.
        """
        if visible.shape != infrared.shape or visible.dim() != 4 or visible.shape[1] != 1:
            raise ValueError(
                'visible and infrared must both be N x 1 x H x W, but are '
                f'{tuple(visible.shape)} and {tuple(infrared.shape)}'
            )
        if visible.numel() == 0:
            raise ValueError(f'there is nothing to fuse in images of shape {tuple(visible.shape)}')
        maps = [
            torch.ones_like(visible) if attention is None else attention
            for attention in (visible_attention, infrared_attention)
        ]
        for attention in maps:
            if attention.shape != visible.shape:
                raise ValueError(
                    f'an attention map is {tuple(attention.shape)}, but the images '
                    f'are {tuple(visible.shape)}: resize it'
                )
        attention = self.attention_merge(*maps)

        x_f, gatings = self._fusion_features(visible, infrared, attention)
        fused, gatings['global'] = self.decoder(x_f)
        return FusionOutput(fused, attention, gatings)

    def _fusion_features(
        self, visible: Tensor, infrared: Tensor, attention: Tensor
    ) -> tuple[Tensor, dict[str, Gating]]:
        """``x_f = [y_local, x_dense_I, x_dense_V]`` (section 3.3) and the local gates' decisions.

        x_f is by far the largest tensor: on return its parts are free before the decoder runs.
        """
        visible_dense = self.visible_encoder.features(visible)
        infrared_dense = self.infrared_encoder.features(infrared)
        parts, gatings = [], {}
        for region, mixture in self.local.items():
            prior = attention if region == 'foreground' else 1 - attention
            y_local, gatings[f'local_{region}'] = mixture(
                visible_dense[-1], infrared_dense[-1], prior
            )
            parts.append(y_local)
        return torch.cat([*parts, *infrared_dense, *visible_dense], dim=1), gatings
