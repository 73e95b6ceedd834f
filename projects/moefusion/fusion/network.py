"""The fusion network: encoders, attention merge, local and global mixtures (paper, Fig. 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.attention import AttentionMerge
from moefusion.fusion.encoder import DenseEncoder
from moefusion.fusion.gate import Gating, NoisyTopKGate
from moefusion.fusion.mixture import GlobalMixture, LocalMixture
from moefusion.fusion.strips import fuse_in_strips
from moefusion.image import pad_to_multiple


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

    def row(self, number: int) -> FusionOutput:
        """What became of one image of the batch."""
        rows = slice(number, number + 1)
        gatings = {name: gating.row(number) for name, gating in self.gatings.items()}
        return FusionOutput(self.fused[rows], self.attention[rows], gatings)


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
        noise (float): Standard deviation of the gates' noise at the start of training.
        stride (int): 1, as in the paper, or a cell's side in pixels: the network then works on
            cells of that size as its pixels, and a global expert's last convolution writes
            all pixels of a cell. 2 needs a quarter of the work. Defaults to 1.

    Raises:
        ValueError: if ``num_experts`` is odd, ``top_k`` is not from 1 to ``num_experts``, a grid is
            not two positive sizes, or ``attention_merge`` is unknown.

    Examples:
        >>> network = FusionNetwork(local_grid=(8, 8), global_grid=(4, 4)).eval()
        >>> visible, infrared = torch.rand(2, 1, 1, 479, 641)
        >>> network(visible, infrared).fused.shape
        torch.Size([1, 1, 479, 641])
    """

    largest_whole = 1 << 21  # pixels; without gradients a larger image is fused strip by strip

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
        noise: float = 0.2,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.stride = stride
        cell = stride * stride
        self.visible_encoder = DenseEncoder(channels, in_channels=cell)
        self.infrared_encoder = DenseEncoder(channels, in_channels=cell)
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
            fusion_channels, global_widths, num_experts, top_k, global_grid, noise, cell
        )
        self._initialise()

    def _initialise(self) -> None:
        """Kaiming's initialisation, and decoders that start at a dark gray.

        PyTorch's default shrinks features in each layer, and with them what a gate's choice does.
        """
        for part in (self.visible_encoder, self.infrared_encoder, self.local, self.decoder):
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
                    nn.init.zeros_(module.bias)
        for expert in self.decoder.experts:
            with torch.no_grad():
                expert[-1].weight.mul_(0.1)
                expert[-1].bias.fill_(0.3)

    def forward(
        self,
        visible: Tensor,
        infrared: Tensor,
        visible_attention: Tensor | None = None,
        infrared_attention: Tensor | None = None,
        gatings: Mapping[str, Gating] | None = None,
    ) -> FusionOutput:
        """Fuse a batch of aligned pairs of one size.

        Args:
            visible (Tensor): I_V, gray, N x 1 x H x W in [0, 1].
            infrared (Tensor): I_I, the same shape and range.
            visible_attention (Tensor, optional): Att_V, N x 1 x H x W in [0, 1]. Without it the
                map is 1 everywhere.
            infrared_attention (Tensor, optional): Att_I likewise.
            gatings (Mapping[str, Gating], optional): decisions to use in place of the gates' own,
                by the names of ``FusionOutput.gatings``: what would other experts have made?

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

        height, width = visible.shape[-2:]
        given = gatings or {}
        inference = not (self.training or torch.is_grad_enabled() or torch.compiler.is_compiling())
        if inference and height * width > self.largest_whole:
            fused, decided = fuse_in_strips(self, visible, infrared, attention, given)
            return FusionOutput(fused, attention, decided)
        cells = [self.to_cells(image) for image in (visible, infrared)]
        prior = self.to_cells(attention).mean(dim=1, keepdim=True)
        x_f, decided = self.fusion_features(*cells, prior, given)
        fused, decided['global'] = self.decoder(x_f, gating=given.get('global'))
        fused = F.pixel_shuffle(fused, self.stride)[..., :height, :width]
        return FusionOutput(fused, attention, decided)

    def gates(self) -> dict[str, NoisyTopKGate]:
        """The gate of each mixture, by the names of ``FusionOutput.gatings``."""
        gates = {f'local_{region}': mixture.gate for region, mixture in self.local.items()}
        return {**gates, 'global': self.decoder.gate}

    def to_cells(self, image: Tensor) -> Tensor:
        """N x 1 x H x W pixels as N x stride^2 x H' x W' cells; the border is repeated to fill."""
        return F.pixel_unshuffle(pad_to_multiple(image, self.stride, 'replicate'), self.stride)

    @staticmethod
    def prior(region: str, attention: Tensor) -> Tensor:
        """What the local features of a region are multiplied by."""
        return attention if region == 'foreground' else 1 - attention

    def fusion_features(
        self, visible: Tensor, infrared: Tensor, attention: Tensor, given: Mapping[str, Gating]
    ) -> tuple[Tensor, dict[str, Gating]]:
        """``x_f = [y_local, x_dense_I, x_dense_V]`` (section 3.3) and the local gates' decisions.

        x_f is by far the largest tensor: on return its parts are free before the decoder runs.
        """
        visible_dense = self.visible_encoder.features(visible)
        infrared_dense = self.infrared_encoder.features(infrared)
        parts, gatings = [], {}
        for region, mixture in self.local.items():
            prior = self.prior(region, attention)
            name = f'local_{region}'
            y_local, gatings[name] = mixture(
                visible_dense[-1], infrared_dense[-1], prior, given.get(name)
            )
            parts.append(y_local)
        return torch.cat([*parts, *infrared_dense, *visible_dense], dim=1), gatings
