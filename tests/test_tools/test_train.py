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
def test_a_run_without_checkpoint_starts_from_the_configs_weights(start, flags, capsys):
    cfg = start(*flags)
    assert (cfg.load_from, cfg.resume) == ('first_stage.pth', False)
    assert ('training starts from first_stage.pth' in capsys.readouterr().err) == bool(flags)


def test_what_a_training_that_starts_anew_replaces_is_said(start, tmp_path, capsys):
    (tmp_path / 'work/epoch_2.pth').touch()
    assert not start().resume
    assert 'writes over epoch_2.pth of an earlier one. --resume' in capsys.readouterr().err
    assert start('--resume').resume
    assert not capsys.readouterr().err


def test_mixed_precision_without_a_gpu_is_refused(start, monkeypatch):
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cpu')
    with pytest.raises(SystemExit, match='--amp needs a GPU'):
        start('--amp', '--cfg-options', 'optim_wrapper.type=OptimWrapper')


def test_resume_goes_on_from_the_latest_checkpoint(start, tmp_path):
    (tmp_path / 'work/last_checkpoint').write_text('work/iter_200.pth')
    cfg = start('--resume')
    assert (cfg.load_from, cfg.resume) == ('work/iter_200.pth', True)


def test_resume_from_a_named_checkpoint(start, tmp_path):
    (tmp_path / 'work/last_checkpoint').write_text('work/iter_200.pth')
    cfg = start('--resume', 'other.pth')
    assert (cfg.load_from, cfg.resume) == ('other.pth', True)


@pytest.mark.parametrize('written', ['/original/{}', 'C:\\original\\{}', '{}'])
def test_a_copied_or_moved_folder_resumes_from_its_own_checkpoint(start, tmp_path, written):
    work = tmp_path / 'work'
    (work / 'epoch_2.pth').touch()
    (work / 'last_checkpoint').write_text(written.format('epoch_2.pth'))
    cfg = start('--resume')
    assert (cfg.load_from, cfg.resume) == (str(work / 'epoch_2.pth'), True)


def test_resume_in_the_config_means_the_same(start, tmp_path):
    work = tmp_path / 'work'
    (work / 'epoch_2.pth').touch()
    (work / 'last_checkpoint').write_text('/original/epoch_2.pth')
    cfg = start('--cfg-options', 'resume=True', 'load_from=None')
    assert (cfg.load_from, cfg.resume) == (str(work / 'epoch_2.pth'), True)


def test_checkpoints_without_the_note_of_the_last_are_not_trained_over(start, tmp_path):
    (tmp_path / 'work/epoch_1.pth').touch()
    assert start('--resume').load_from == str(tmp_path / 'work/epoch_1.pth')
    (tmp_path / 'work/epoch_2.pth').touch()
    with pytest.raises(SystemExit, match=r'no last_checkpoint.*epoch_2\.pth.*--resume'):
        start('--resume')
