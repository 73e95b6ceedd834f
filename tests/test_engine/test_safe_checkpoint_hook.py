"""SafeCheckpointHook: what was saved is there whatever happens while the next one is written."""

from pathlib import Path

import pytest
import torch
from mmdet.registry import HOOKS
from mmengine.evaluator import BaseMetric

from moefusion.apis.command import command
from moefusion.engine import whole_files
from moefusion.evaluation import FusionMetric


class Rising(BaseMetric):
    """Each validation scores higher than the one before."""

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        self.count = getattr(self, 'count', 0) + 1
        return dict(score=float(self.count))


@pytest.fixture
def run(make_runner, tmp_path):
    """A runner with the hook, three epochs in ``work``, and what options change."""

    def build(resume=None, evaluator=None, **checkpoint):
        checkpoint = dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=1) | checkpoint
        return make_runner(
            default_hooks=dict(checkpoint=checkpoint),
            train_cfg=dict(by_epoch=True, max_epochs=3),
            val_dataloader=make_runner.loader(1),
            val_cfg=dict(),
            val_evaluator=[evaluator or Rising()],
            resume=bool(resume),
            load_from=resume,
        )

    return build


@pytest.fixture
def full_from(monkeypatch):
    """``full_from('epoch_2')``: from the first file of that name on, the disk is full."""

    def start(name):
        write, full = whole_files.write_file, []

        def write_or_fail(path, data):
            full.extend([path] if name in str(path) else [])
            if full:
                raise OSError(28, f'cannot write {path}: No space left on device')
            write(path, data)

        monkeypatch.setattr(whole_files, 'write_file', write_or_fail)

    return start


def names(folder):
    return sorted(path.name for path in Path(folder).glob('*.pth'))


def test_keeps_as_many_as_asked_for(run, tmp_path):
    run(max_keep_ckpts=2).train()
    assert names(tmp_path / 'work') == ['epoch_2.pth', 'epoch_3.pth']
    assert (tmp_path / 'work/last_checkpoint').read_text() == str(tmp_path / 'work/epoch_3.pth')


def test_the_earlier_checkpoint_stays_when_the_next_cannot_be_written(run, tmp_path, full_from):
    full_from('epoch_2')
    with pytest.raises(OSError, match=r'epoch_2\.pth: No space left'):
        run().train()
    work = tmp_path / 'work'
    assert names(work) == ['epoch_1.pth']
    last = (work / 'last_checkpoint').read_text()
    assert last == str(work / 'epoch_1.pth')
    assert torch.load(last, weights_only=False)['meta']['epoch'] == 1


def test_a_run_that_goes_on_ends_with_as_many_as_asked_for(run, tmp_path, full_from, monkeypatch):
    """Also where the earlier one had not been removed yet, and where drafts are left."""
    work = tmp_path / 'work'
    with monkeypatch.context() as patched:
        patched.setattr('moefusion.engine.SafeCheckpointHook._remove', lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run().train()
    assert names(work) == ['epoch_1.pth', 'epoch_2.pth']
    (work / '.123.456.tmp').touch()
    run(resume=str(work / 'epoch_2.pth')).train()
    assert names(work) == ['epoch_3.pth'] and not list(work.glob('.*.tmp'))


def test_the_best_checkpoint_stays_until_a_better_one_is_there(run, tmp_path, full_from):
    run(save_best='score', rule='greater', max_keep_ckpts=-1).train()
    work = tmp_path / 'work'
    assert [name for name in names(work) if 'best' in name] == ['best_score_epoch_3.pth']
    for path in work.glob('*.pth'):
        path.unlink()
    full_from('best_score_epoch_2')
    with pytest.raises(OSError, match='best_score_epoch_2'):
        run(save_best='score', rule='greater').train()
    assert [name for name in names(work) if 'best' in name] == ['best_score_epoch_1.pth']


@pytest.mark.parametrize('copied', [True, False])
def test_the_best_checkpoint_is_looked_for_in_this_folder(run, tmp_path, copied):
    for folder in ('original', 'work')[: 1 + copied]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'best_mAP_epoch_1.pth').touch()
    original = str(tmp_path / 'original' / 'best_mAP_epoch_1.pth')
    runner = run(save_best='score', rule='greater')
    runner.message_hub.update_info('best_ckpt', original)
    runner.message_hub.update_info('epoch', 1)
    (hook,) = (hook for hook in runner.hooks if type(hook).__name__ == 'SafeCheckpointHook')
    hook.before_train(runner)
    expected = str(tmp_path / ('work' if copied else 'original') / 'best_mAP_epoch_1.pth')
    assert runner.message_hub.get_info('best_ckpt') == expected == hook.best_ckpt_path
    assert runner.message_hub.get_info('epoch') == 1


@pytest.mark.parametrize('best', ['fusion/VIF', 'auto'])
def test_fusion_metrics_are_best_where_they_are_highest(run, tmp_path, best):
    """MMEngine's hook knows no rule for them: with auto it stops at the first validation."""
    metric = Rising(prefix='fusion')
    metric.compute_metrics = lambda results: {'VIF': Rising.compute_metrics(metric, [])['score']}
    run(save_best=best, evaluator=metric).train()
    assert (tmp_path / 'work/best_fusion_VIF_epoch_3.pth').exists()


@pytest.mark.parametrize('best', ['fusion/VIFF', 'bbox_mAP', ['fusion/VIF', 'fusion/mAP']])
def test_a_best_value_that_no_metric_gives_is_refused_at_the_start(run, tmp_path, best):
    runner = run(save_best=best, rule='greater', evaluator=FusionMetric())
    with pytest.raises(ValueError, match='but the validation gives fusion/EN, '):
        runner.train()
    assert not names(tmp_path / 'work')


def test_an_argument_that_saving_would_not_take_is_refused_at_the_start():
    with pytest.raises(SystemExit, match="argument 'max_keep_ckpt'. Check the keys"):
        command(HOOKS.build)(dict(type='SafeCheckpointHook', interval=1, max_keep_ckpt=2))
