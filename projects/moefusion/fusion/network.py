"""The fusion network: encoders, attention merge, local and global mixtures (paper, Fig. 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.attention import AttentionMerge
from moefusion.fusion.attention_local import AttentionLocal
from moefusion.fusion.encoder import DenseEncoder
from moefusion.fusion.gate import Gating, NoisyTopKGate
from moefusion.fusion.initialisation import initialise, start_at_gray
from moefusion.fusion.mixture import GlobalMixture, LocalMixture
from moefusion.fusion.strips import fuse_in_strips
from moefusion.image import pad_to_multiple


@dataclass
class FusionOutput:
    """What the fusion network makes of a batch.

    Attributes:
        fused (Tensor): I_F, N x 1 x H x W; about [0, 1], clip it before you show or store it.
        attention (Tensor): Att, N x 1 x H x W in [0, 1].
        gatings (dict[str, Gating]): of ``local_foreground``, ``local_background`` (where there are
            such mixtures) and ``global``.
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
        local (str): ``'mixture'``; for ablations ``'attention'``, :class:`AttentionLocal` in place
            of each local mixture, or ``'none'``: the dense features alone are decoded.
        global_mixture (bool): Whether experts decode, or one network of an expert's structure.
            Defaults to True.
        gating (str): ``'standardised'``; for ablations ``'plain'``, gates on features as they are,
            or ``'equal'``: all experts run with the same weight, whatever the image.
        attention_merge (str): ``'conv'`` or ``'max'``, see :class:`AttentionMerge`.
        noise (float): Standard deviation of the gates' noise at the start of training.
        stride (int): 1, as in the paper, or a cell's side in pixels: the network then works on
            cells of that size as its pixels, and a global expert's last convolution writes
            all pixels of a cell. 2 needs a quarter of the work. Defaults to 1.
        dense_features (int): How many of an encoder's outputs x_f holds, from the first on. Local
            experts always see the last. Without them x_f holds all four. Defaults to 4.
        source_skip (bool): Whether x_f also holds the sources' pixels, which a global expert's
            last convolution sees, too. The network then starts at the sources' mean and learns
            what to change. Defaults to False, the paper's.

    Raises:
        ValueError: if ``num_experts`` is odd, ``top_k`` is not from 1 to ``num_experts``,
            ``dense_features`` not from 0 to 4, a grid not two positive sizes, or an option unknown.

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
        local: str = 'mixture',
        global_mixture: bool = True,
        gating: str = 'standardised',
        attention_merge: str = 'conv',
        noise: float = 0.2,
        stride: int = 1,
        dense_features: int = 4,
        source_skip: bool = False,
    ) -> None:
        super().__init__()
        self.stride, self.source_skip = stride, source_skip
        cell = stride * stride
        self.visible_encoder = DenseEncoder(channels, in_channels=cell)
        self.infrared_encoder = DenseEncoder(channels, in_channels=cell)
        _check_option('local', local, ('mixture', 'attention', 'none'))
        _check_option('gating', gating, ('standardised', 'plain', 'equal'))
        if not 0 <= dense_features <= 4:
            raise ValueError(f'dense_features must be from 0 to 4, but is {dense_features}')
        if gating == 'equal':
            top_k, noise = num_experts, 0.0
        regions = ['foreground', 'background'] if background_mixture else ['foreground']
        if local == 'none':
            regions, attention_merge = [], 'max'  # without parameters, as nothing trains them
        self.dense_features = dense_features if regions else 4
        self.attention_merge = AttentionMerge(attention_merge)
        mixture = channels, local_hidden, num_experts, top_k, local_grid, noise
        self.local = nn.ModuleDict(
            {
                region: AttentionLocal(channels) if local == 'attention' else LocalMixture(*mixture)
                for region in regions
            }
        )
        if not global_mixture:
            num_experts = top_k = 1  # whose weight is 1
        skip = 2 * cell if source_skip else 0
        fusion_channels = (len(regions) + 2 * self.dense_features) * channels + skip
        self.decoder = GlobalMixture(
            fusion_channels, global_widths, num_experts, top_k, global_grid, noise, cell, skip
        )
        for gate in self.gates().values():
            gate.requires_grad_(gating != 'equal')  # weights of zero: all experts are alike
            if gating == 'plain':
                gate.register_module('standard', nn.Identity())
        initialise((self.visible_encoder, self.infrared_encoder, self.local, self.decoder))
        start_at_gray(self.decoder.experts, source_skip)

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
            visible_attention (Tensor, optional): Att_V likewise; without it 1 everywhere.
            infrared_attention (Tensor, optional): Att_I likewise.
            gatings (Mapping[str, Gating], optional): decisions to use in place of the gates' own,
                by the names of ``FusionOutput.gatings``: what would other experts have made?

        Raises:
            ValueError: if an image or map differs in shape, is not N x 1 x H x W, or is empty.
        """
        if visible.shape != infrared.shape or visible.dim() != 4 or visible.shape[1] != 1:
            raise ValueError(
                'visible and infrared must both be N x 1 x H x W, but are '
                f'{tuple(visible.shape)} and {tuple(infrared.shape)}'
            )
        if visible.numel() == 0:
            raise ValueError(f'nothing to fuse in images of shape {tuple(visible.shape)}')
        given_maps = visible_attention, infrared_attention
        maps = [torch.ones_like(visible) if given is None else given for given in given_maps]
        for attention in maps:
            if attention.shape != visible.shape:
                sizes = f'is {tuple(attention.shape)}, but the images are {tuple(visible.shape)}'
                raise ValueError(f'an attention map {sizes}: resize it')
        attention = self.attention_merge(*maps)

        height, width = visible.shape[-2:]
        given = gatings or {}
        inference = not (self.training or torch.is_grad_enabled() or torch.compiler.is_compiling())
        if inference and height * width > self.largest_whole:
            fused, decided = fuse_in_strips(self, visible, infrared, attention, given)
            return FusionOutput(fused, attention, decided)
        cells = self.to_cells(visible), self.to_cells(infrared)
        prior = self.to_cells(attention).mean(dim=1, keepdim=True)
        x_f, decided = self.fusion_features(*cells, prior, given)
        fused, decided['global'] = self.decoder(x_f, gating=given.get('global'))
        fused = F.pixel_shuffle(fused, self.stride)[..., :height, :width]
        return FusionOutput(fused, attention, decided)

    def gates(self) -> dict[str, NoisyTopKGate]:
        """The gates that have a choice, by the names of ``FusionOutput.gatings``."""
        names = [*(f'local_{region}' for region in self.local), 'global']
        parts = [*self.local.values(), self.decoder]
        return {
            name: part.gate
            for name, part in zip(names, parts)
            if isinstance(part, (LocalMixture, GlobalMixture)) and len(part.experts) > 1
        }

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

        With ``source_skip`` the sources' own cells follow, infrared first.
        x_f is by far the largest tensor: on return its parts are free before the decoder runs.
        """
        visible_dense = self.visible_encoder(visible)
        infrared_dense = self.infrared_encoder(infrared)
        parts, gatings = [], {}
        for region, part in self.local.items():
            prior = self.prior(region, attention)
            sources, name = (visible_dense[-1], infrared_dense[-1]), f'local_{region}'
            if isinstance(part, AttentionLocal):
                parts.append(part(*sources, prior))
                continue
            y_local, gatings[name] = part(*sources, prior, given.get(name))
            parts.append(y_local)
        pixels: list[Tensor] = []
        if self.source_skip:
            # in the layout of the convolutions, or joining them would copy x_f into another
            last = self.visible_encoder.stem.weight.is_contiguous(memory_format=torch.channels_last)
            layout = torch.channels_last if last else torch.contiguous_format
            pixels = [cells.contiguous(memory_format=layout) for cells in (infrared, visible)]
        dense = self.dense(visible_dense, infrared_dense)
        return torch.cat([*parts, *dense, *pixels], dim=1), gatings

    def dense(self, visible: list[Tensor], infrared: list[Tensor]) -> list[Tensor]:
        """What x_f holds of both encoders' outputs, infrared first."""
        kept = slice(self.dense_features)
        return [*infrared[kept], *visible[kept]]


def _check_option(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f'{name} must be one of {", ".join(known)}, but is {value!r}')
