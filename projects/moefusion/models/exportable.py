"""The model as one function of two 8-bit images: what is exported and compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
        self.gates = model.fusion.gates()
        self.outputs = ('fused', 'color', 'attention', 'logits', *self.gates)

    def forward(
        self,
        visible: Tensor,
        infrared: Tensor,
        share: Tensor | None = None,
        previous: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Fuse one pair as ``FusionInferencer`` does.

        Args:
            visible (Tensor): H x W x 3, uint8, R, G, B.
            infrared (Tensor): H x W, uint8.
            share (Tensor, optional): for a frame of a video, what it adds to the average of the
                gates' logits over time (:class:`NoisyTopKGate`), one number. Defaults to 1.
            previous (Tensor, optional): the frame before's ``logits``; goes with ``share``.

        Returns:
            tuple[Tensor, ...]: by the names in ``outputs``: the fused image H x W in [0, 1]; the
            same in colour, H x W x 3, uint8; the merged attention H x W in [0, 1]; the logits of
            all mixtures in a row, averaged; each mixture's E gate weights.
        """
        images = visible.permute(2, 0, 1)[None].float(), infrared[None, None].float()
        maps = self.attend(visible, infrared)
        with self.averaging(share, previous):
            output = self.model.fusion(rgb_to_gray(images[0]) / 255, images[1] / 255, *maps)
        gatings = [output.gatings[name] for name in self.gates]
        logits = torch.cat([output.fused.new_empty(0), *(gating.logits[0] for gating in gatings)])
        gates = [gating.weights[0] for gating in gatings]
        return *self.shown(output.fused, visible), output.attention[0, 0], logits, *gates

    def attend(self, visible: Tensor, infrared: Tensor) -> list[Tensor]:
        """Both detectors' attention maps, 1 x 1 x H x W in [0, 1], of a pair as :meth:`forward`."""
        height, width = infrared.shape
        images = visible.permute(2, 0, 1)[None].float(), infrared[None, None].float()
        maps = [self._attend(name, image) for name, image in zip(MODALITIES, images)]
        return [attention[..., :height, :width] for attention in maps]

    def shown(self, fused: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """The network's image, 1 x 1 x H x W, clipped: H x W, and in colour H x W x 3, uint8."""
        fused, rgb = fused.clamp(0, 1), visible.permute(2, 0, 1)[None].float() / 255
        color = (colorize(fused, rgb)[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
        return fused[0, 0], color

    @contextmanager
    def averaging(self, share: Tensor | None, previous: Tensor | None) -> Iterator[None]:
        """Meanwhile the gates choose by averaged logits, if there are any."""
        if share is None or previous is None:
            yield
            return
        sizes = [gate.num_experts for gate in self.gates.values()]
        for gate, part in zip(self.gates.values(), previous[None].split(sizes, dim=1)):
            gate.average = part, share
        try:
            yield
        finally:
            for gate in self.gates.values():
                gate.average = None

    def _attend(self, modality: str, image: Tensor) -> Tensor:
        """The attention map of an image N x C x H x W, padded as the data preprocessor pads it."""
        preprocessor = self.model.data_preprocessor
        padded = pad_to_multiple(preprocessor.normalize(image), preprocessor.pad_size_divisor)
        return self.model.attend(modality, padded)
