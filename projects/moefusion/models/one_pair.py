"""One 8-bit pair as tensors: attention and gray before the fusion network, colour behind it."""

import torch
from torch import Tensor

from moefusion.image import colorize, pad_to_multiple, rgb_to_gray
from moefusion.models.moe_fusion import MODALITIES, MoEFusion


def attend(model: MoEFusion, visible: Tensor, infrared: Tensor) -> Tensor:
    """The merged attention, H x W in [0, 1].

    Args:
        model (MoEFusion): in evaluation mode.
        visible (Tensor): H x W x 3, uint8, R, G, B.
        infrared (Tensor): H x W, uint8.
    """
    height, width = infrared.shape
    preprocessor, maps = model.data_preprocessor, []
    images = visible.permute(2, 0, 1)[None].float(), infrared[None, None].float()
    for modality, image in zip(MODALITIES, images):
        padded = pad_to_multiple(preprocessor.normalize(image), preprocessor.pad_size_divisor)
        maps.append(model.attend(modality, padded)[..., :height, :width])
    return model.fusion.attention_merge(*maps)[0, 0]


def to_gray(visible: Tensor) -> Tensor:
    """H x W x 3, uint8, as the network sees it: 1 x 1 x H x W in [0, 1]."""
    return rgb_to_gray(visible.permute(2, 0, 1)[None].float()) / 255


def to_images(fused: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """The network's image, 1 x 1 x H x W, clipped: H x W, and in colour H x W x 3, uint8."""
    fused, rgb = fused.clamp(0, 1), visible.permute(2, 0, 1)[None].float() / 255
    color = (colorize(fused, rgb)[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
    return fused[0, 0], color
