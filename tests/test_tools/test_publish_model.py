"""tools/publish_model.py: what it keeps, and that it still fuses the same."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from moefusion.apis import FusionInferencer
from moefusion.weights.bundled import read_description


@pytest.mark.slow
def test_published_weights_fuse_as_the_checkpoint_does(tmp_path, repo_root):
    config = repo_root / 'configs/moefusion-lite_demo.py'
    init_default_scope('mmdet')
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict(), optimizer=dict(state=1)), tmp_path / 'a.pth')
    publish = [sys.executable, repo_root / 'tools/publish_model.py', tmp_path / 'a.pth']
    for out, *flags in (['b.pth'], ['c.pth', '--half', '--config', config]):
        subprocess.run([*publish, tmp_path / out, *flags], check=True)
    kept = torch.load(tmp_path / 'b.pth', weights_only=True)
    assert list(kept) == ['state_dict']
    assert {name.split('.')[0] for name in kept['state_dict']} == {
        'fusion',
        'statistics',
        'visible_detector',
        'infrared_detector',
    }
    assert not any('_head.' in name for name in kept['state_dict'])
    assert (tmp_path / 'c.pth').stat().st_size < 0.6 * (tmp_path / 'b.pth').stat().st_size

    assert not (tmp_path / 'b.json').exists()
    description = read_description(tmp_path / 'c.pth')
    assert description['visible_detector']['rpn_head'] is None
    # JSON has lists where the config has tuples
    assert description['fusion'] == json.loads(json.dumps(Config.fromfile(config).model.fusion))

    visible = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    whole, published, half = (
        FusionInferencer(config, tmp_path / name, 'cpu')(visible, visible[..., 0]).gray
        for name in ('a.pth', 'b.pth', 'c.pth')
    )
    assert np.array_equal(whole, published)
    assert np.abs(whole.astype(int) - half).max() <= 1


@pytest.mark.parametrize(
    ('name', 'value', 'flags', 'words'),
    [
        ('fusion.a', 1.0, ['a.pth'], r'a\.pth is the checkpoint, which training goes on from'),
        ('backbone.a', 1.0, ['b.pth'], r'a\.pth is no checkpoint of a MoEFusion'),
        ('fusion.a', 1e6, ['b.pth', '--half'], r'fusion\.a has values beyond float16'),
        ('fusion.a', 1.0, ['b.pth', '--config'], 'of another architecture .* 1 unknown'),
    ],
)
def test_what_could_not_fuse_or_would_be_lost_is_refused(
    load_tool, tmp_path, repo_root, monkeypatch, name, value, flags, words
):
    weights = {name: torch.full((2,), value)}
    torch.save(dict(state_dict=weights, optimizer=dict(state=1)), tmp_path / 'a.pth')
    config = ['configs/moefusion-lite_demo.py'] * ('--config' in flags)
    flags = [str(tmp_path / flags[0]), *flags[1:], *(str(repo_root / file) for file in config)]
    monkeypatch.setattr('sys.argv', ['publish_model.py', str(tmp_path / 'a.pth'), *flags])
    with pytest.raises(SystemExit, match=words):
        load_tool('publish_model').main()
    assert [path.name for path in tmp_path.iterdir()] == ['a.pth']
    assert 'optimizer' in torch.load(tmp_path / 'a.pth', weights_only=True)
