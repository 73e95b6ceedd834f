"""The fusion network: encoders, attention merge, local and global mixtures (paper, Fig. 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.attention import AttentionMerge
from moefusion.fusion.attention_local import AttentionLocal
from moefusion.fusion.encoder import DenseEncoder
from moefusion.fusion.gate import Gating, NoisyTopKGate
from moefusion.fusion.initialisation import initialise, start_at_gray
from moefusion.fusion.mixture import GlobalMixture, LocalMixture
from moefusion.fusion.output import FusionOutput
from moefusion.fusion.strips import fuse_in_strips
from moefusion.image import pad_to_multiple


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
        dense_features (int): How many of an encoder's four outputs x_f holds, from the first on.
            With none the decoder knows what local experts tell it, so their gates matter, and has
            less work. Without local mixtures x_f holds all. Defaults to 4, the paper's.
        source_skip (bool): Whether x_f also holds the sources' pixels. The gate sees them, and of a
            global expert the last convolution alone: it starts at the sources' mean and learns what
            to change by the features. Defaults to False, the paper's.

    Raises:
        ValueError: if ``num_experts`` is odd, ``top_k`` is not from 1 to ``num_experts``, a grid is
            not two positive sizes, or ``attention_merge``, ``dense_features``, ``local`` or
            ``gating`` is none of its values.

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
        _check_option('dense_features', dense_features, range(5))
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
        x_f, decided = self.fusion_features(*self.to_cells(visible, infrared, attention), given)
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

    def to_cells(self, *images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Visible, infrared and attention, N x 1 x H x W, as cells: N x stride^2 or 1 x H' x W'.

        The border is repeated to fill them; of the attention each cell has the mean.
        """
        padded = (pad_to_multiple(image, self.stride, 'replicate') for image in images)
        visible, infrared, attention = (F.pixel_unshuffle(each, self.stride) for each in padded)
        return visible, infrared, attention.mean(dim=1, keepdim=True)

    @staticmethod
    def prior(region: str, attention: Tensor) -> Tensor:
        """What the local features of a region, N x C x H x W, are multiplied by.

        Args:
            region (str): ``'foreground'`` or ``'background'``.
            attention (Tensor): the merged map, N x 1 x H x W in [0, 1].
        """
        return attention if region == 'foreground' else 1 - attention

    def fusion_features(
        self, visible: Tensor, infrared: Tensor, attention: Tensor, given: Mapping[str, Gating]
    ) -> tuple[Tensor, dict[str, Gating]]:
        """``x_f = [y_local, x_dense_I, x_dense_V]`` (section 3.3) and the local gates' decisions.

        With ``source_skip`` the sources' own cells follow, infrared first.
        x_f is by far the largest tensor: on return its parts are free before the decoder runs.

        Args:
            visible (Tensor): from :meth:`to_cells`, N x stride^2 x H' x W'.
            infrared (Tensor): likewise.
            attention (Tensor): likewise, N x 1 x H' x W'.
            given (Mapping[str, Gating]): decisions to use in place of the local gates' own.
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
        parts += self.plain_features((infrared, visible), (infrared_dense, visible_dense))
        return torch.cat(parts, dim=1), gatings

    def plain_features(
        self, cells: tuple[Tensor, Tensor], dense: tuple[list[Tensor], list[Tensor]]
    ) -> list[Tensor]:
        """What x_f holds without a choice, of sources and encoders' outputs, infrared first."""
        kept = [features for outputs in dense for features in outputs[: self.dense_features]]
        if not self.source_skip:
            return kept
        # in the layout of the convolutions, or joining them would copy x_f into another
        last = self.visible_encoder.stem.weight.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if last else torch.contiguous_format
        return kept + [source.contiguous(memory_format=layout) for source in cells]


def _check_option(name: str, value: object, known: Sequence[object]) -> None:
    if value not in known:
        raise ValueError(f'{name} must be one of {", ".join(map(str, known))}, but is {value!r}')
