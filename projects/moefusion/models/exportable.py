"""The model as one function of two 8-bit images: what is exported and compiled."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from moefusion.image import colorize, pad_to_multiple, rgb_to_gray
from moefusion.models.moe_fusion import MODALITIES, MoEFusion


class ExportableFusion(nn.Module):
    """Preprocessing, attention, fusion and colour of a :class:`MoEFusion`, without data samples.

    Args:
        model (MoEFusion): trained; it is put into evaluation mode.
    """

    def __init__(self, model: MoEFusion) -> None:
        super().__init__()
        self.model = model.eval()
        self.outputs = ('fused', 'color', 'attention', *model.fusion.gates())

    def forward(self, visible: Tensor, infrared: Tensor) -> tuple[Tensor, ...]:
        """Fuse one pair as ``FusionInferencer`` does.

        Args:
            visible (Tensor): H x W x 3, uint8, R, G, B.
            infrared (Tensor): H x W, uint8.

        Returns:
            tuple[Tensor, ...]: by the names in ``outputs``: the fused image H x W in [0, 1]; the
            same in colour, H x W x 3, uint8; the merged attention H x W in [0, 1]; each
            mixture's E gate weights.
        """
        height, width = infrared.shape
        images = (visible.permute(2, 0, 1)[None].float(), infrared[None, None].float())
        maps = [self._attend(name, image) for name, image in zip(MODALITIES, images)]
        rgb = images[0] / 255
        gray = rgb_to_gray(images[0]) / 255
        maps = [attention[..., :height, :width] for attention in maps]
        output = self.model.fusion(gray, images[1] / 255, *maps)
        fused = output.fused.clamp(0, 1)
        color = (colorize(fused, rgb)[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
        gates = [gating.weights[0] for gating in output.gatings.values()]
        return fused[0, 0], color, output.attention[0, 0], *gates

    def _attend(self, modality: str, image: Tensor) -> Tensor:
        """The attention map of an image N x C x H x W, padded as the data preprocessor pads it."""
        preprocessor = self.model.data_preprocessor
        mean, std = (getattr(preprocessor, f'{modality}_{name}') for name in ('mean', 'std'))
        padded = pad_to_multiple((image - mean) / std, preprocessor.pad_size_divisor)
        return self.model.attend(modality, padded)
