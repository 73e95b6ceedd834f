"""FusionInferencer with the lite network's real config, detectors included."""

import pytest
import torch


@pytest.fixture(scope='session')
def config(repo_root):
    from moefusion.apis import load_config

    return load_config(repo_root / 'configs' / 'moefusion-lite_demo.py')


@pytest.fixture(scope='session')
def checkpoint(config, tmp_path_factory):
    """What the runner would save: all of the model, heads included."""
    from mmdet.registry import MODELS
    from mmengine.registry import init_default_scope

    import moefusion.plugin  # noqa: F401

    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for expert in model.fusion.decoder.experts:
        torch.nn.init.constant_(expert[-1].bias, 0.5)
    path = tmp_path_factory.mktemp('weights') / 'full.pth'
    torch.save(dict(meta=dict(epoch=1), state_dict=model.state_dict()), path)
    return path


@pytest.fixture(scope='session')
def inferencer(config, checkpoint):
    from moefusion.apis import FusionInferencer

    return FusionInferencer(config, checkpoint, 'cpu')
