"""tools/train.py: which checkpoint a run starts from."""

import runpy
import sys
from types import SimpleNamespace

import pytest
from mmengine.runner import Runner


@pytest.fixture
def start(tmp_path, monkeypatch, repo_root):
    """Runs the tool without training; returns the config that it gave the runner."""
    config = tmp_path / 'config.py'
    config.write_text("load_from = 'first_stage.pth'\nresume = False\n")
    given = []
    monkeypatch.setattr(
        Runner, 'from_cfg', lambda cfg: given.append(cfg) or SimpleNamespace(train=lambda: None)
    )

    def run(*flags):
        monkeypatch.setattr(
            sys, 'argv', ['train.py', str(config), '--work-dir', str(tmp_path / 'work'), *flags]
        )
        runpy.run_path(str(repo_root / 'tools/train.py'), run_name='__main__')
        return given.pop()

    (tmp_path / 'work').mkdir()
    return run


@pytest.mark.parametrize('flags', [(), ('--resume',)])
def test_a_run_without_checkpoint_starts_from_the_configs_weights(start, flags):
    cfg = start(*flags)
    assert (cfg.load_from, cfg.resume) == ('first_stage.pth', False)


def test_resume_goes_on_from_the_latest_checkpoint(start, tmp_path):
    (tmp_path / 'work/last_checkpoint').write_text('work/iter_200.pth')
    cfg = start('--resume')
    assert (cfg.load_from, cfg.resume) == ('work/iter_200.pth', True)


def test_resume_from_a_named_checkpoint(start, tmp_path):
    (tmp_path / 'work/last_checkpoint').write_text('work/iter_200.pth')
    cfg = start('--resume', 'other.pth')
    assert (cfg.load_from, cfg.resume) == ('other.pth', True)
