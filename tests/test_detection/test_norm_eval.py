"""NormEvalModule, by the backbones that are made of it."""
import pytest
import torch
from mmdet.registry import MODELS
from torch.nn.modules.batchnorm import BatchNorm2d

import moefusion.plugin  # noqa: F401


@pytest.mark.parametrize('norm_eval', [True, False])
@pytest.mark.parametrize('backbone', ['CSPDarknetTiny', 'EfficientNetLite'])
def test_statistics_in_training(backbone, norm_eval):
    if backbone == 'EfficientNetLite':
        pytest.importorskip('efficientnet_lite_pytorch')
    backbone = MODELS.build(dict(type=backbone, pretrained=False, norm_eval=norm_eval)).train()
    norm = next(module for module in backbone.modules() if isinstance(module, BatchNorm2d))
    before = norm.running_mean.clone()
    backbone(torch.rand(2, 3, 32, 32))[0].sum().backward()
    assert torch.equal(before, norm.running_mean) == norm_eval
    assert norm.weight.grad.abs().max() > 0
