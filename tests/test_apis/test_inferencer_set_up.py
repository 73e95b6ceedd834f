"""What FusionInferencer is made of: config, options, checkpoint, device, precision."""

import os
from copy import deepcopy

import numpy as np
import pytest
import torch

import moefusion.plugin  # noqa: F401
from moefusion.apis import FusionInferencer
from test_apis.random_pairs import random_pair


def test_an_option_overrides_the_config_and_leaves_it_alone(config, checkpoint):
    """With K = 1 each gate gives all weight to one expert."""
    visible, infrared = random_pair(40, 50)
    single = FusionInferencer(config, checkpoint, 'cpu', {'model.fusion.top_k': 1})
    for weights in single(visible, infrared).gates.values():
        assert sorted(weights) == [0, 0, 0, 1]
    assert config.model.fusion.top_k == 2


def test_an_option_overrides_the_bundled_config():
    assert FusionInferencer().model.fusion.decoder.gate.top_k == 2
    single = FusionInferencer(cfg_options={'model.fusion.top_k': 1})
    assert single.model.fusion.decoder.gate.top_k == 1


@pytest.mark.parametrize(
    'key, message',
    [
        ('model.fusion.chanels', "cfg_options .* unexpected keyword argument 'chanels'"),
        ('model.visible_detector.type', 'cfg_options .* type must be a str'),
        ('model.fusion.channels', 'of another architecture'),
    ],
)
def test_options_that_do_not_fit(key, message):
    with pytest.raises(ValueError, match=message):
        FusionInferencer(cfg_options={key: 8})


def test_only_what_fusing_needs_is_built(inferencer):
    detector = inferencer.model.visible_detector
    assert not hasattr(detector, 'rpn_head') and not hasattr(detector, 'roi_head')
    assert not inferencer.model.training


def test_pretrained_weights_are_not_fetched(config, checkpoint, monkeypatch):
    from mmengine.runner.checkpoint import CheckpointLoader

    config = deepcopy(config)
    for modality in ('visible', 'infrared'):
        config.model[f'{modality}_detector'].backbone.init_cfg = dict(
            type='Pretrained', checkpoint='torchvision://resnet18'
        )

    def fetch(*_, **__):
        raise AssertionError('weights were fetched')

    monkeypatch.setattr(CheckpointLoader, 'load_checkpoint', fetch)
    FusionInferencer(config, checkpoint, 'cpu')


class Code:
    """Unpickling it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_checkpoint_runs_no_code(config, tmp_path):
    torch.save(dict(state_dict={}, code=Code(str(tmp_path / 'ran'))), tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match='evil.pth'):
        FusionInferencer(config, tmp_path / 'evil.pth', 'cpu')
    assert not (tmp_path / 'ran').exists()


def test_another_architecture_is_named(config, checkpoint):
    config = deepcopy(config)
    config.model.fusion.num_experts = 6
    with pytest.raises(ValueError, match='full.pth is of another architecture'):
        FusionInferencer(config, checkpoint, 'cpu')


@pytest.mark.parametrize(
    'device, message', [('cuda', 'use cpu'), ('cuda:3', 'use cpu'), ('gpu', "'gpu'")]
)
def test_a_device_that_is_not_there(config, checkpoint, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match=message):
        FusionInferencer(config, checkpoint, device)


def test_a_config_of_another_model(config, checkpoint):
    config = deepcopy(config)
    config.model = dict(type='FasterRCNN')
    with pytest.raises(ValueError, match='model.type must be MoEFusion'):
        FusionInferencer(config, checkpoint, 'cpu')


def test_bfloat16_where_it_is_asked_for(config, checkpoint, inferencer, monkeypatch):
    said = []
    monkeypatch.setattr('moefusion.models.precision.print_log', lambda text, **_: said.append(text))
    for native in (True, False):
        monkeypatch.setattr('moefusion.models.precision.native_bfloat16', lambda _, n=native: n)
        assert FusionInferencer(config, checkpoint, 'cpu', precision='auto').bfloat16 is native
    assert 'bfloat16, which' in said[0] and 'float32, as no' in said[1]
    half = FusionInferencer(config, checkpoint, 'cpu', precision='bfloat16')
    pair = random_pair(40, 50)
    for largest in (1 << 21, 100):  # whole and in strips
        monkeypatch.setattr(half.model.fusion, 'largest_whole', largest)
        result, expected = half(*pair), inferencer(*pair)
        assert result.attention.dtype == np.float32
        difference = np.abs(result.gray.astype(int) - expected.gray)
        assert 0 < difference.mean() < 3 and difference.max() < 20
    assert len(said) == 2 and not inferencer.bfloat16
    with pytest.raises(ValueError, match="auto, float32, bfloat16, but is 'half'"):
        FusionInferencer(precision='half')
