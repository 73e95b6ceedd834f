"""`moefusion fuse` with a tiny network of random weights, and the folders it reads."""

import sys

import pytest
import torch

FUSION = dict(
    channels=4, local_hidden=2, global_widths=(4, 4, 4), local_grid=(2, 2), global_grid=(2, 2)
)


@pytest.fixture
def run(tmp_path):
    """Calls the tool with a tiny config and checkpoint."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import moefusion.plugin  # noqa: F401
    from moefusion.commands import fuse
    from moefusion.models import MoEFusion

    init_default_scope('mmdet')
    config, checkpoint = tmp_path / 'tiny.py', tmp_path / 'tiny.pth'
    Config(dict(model=dict(type='MoEFusion', fusion=FUSION))).dump(config)
    torch.manual_seed(0)
    model = MoEFusion(fusion=FUSION)
    # Experts that answer brightly enough not to be clipped to black.
    for expert in model.fusion.decoder.experts:
        torch.nn.init.constant_(expert[-1].bias, 0.5)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)

    def call(*arguments):
        options = '--config', config, '--checkpoint', checkpoint, '--device', 'cpu'
        try:
            return fuse.main([*map(str, arguments), *map(str, options)], backend='torch')
        except SystemExit as stop:  # of `command`
            if isinstance(stop.code, int):
                return stop.code
            print(stop.code, file=sys.stderr)
            return 1

    return call


@pytest.fixture
def folders(tmp_path):
    for name in ('vis', 'ir'):
        (tmp_path / name).mkdir()
    return tmp_path / 'vis', tmp_path / 'ir', tmp_path / 'out'
