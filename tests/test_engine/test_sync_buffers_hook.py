"""IterSyncBuffersHook in MMEngine's loop of iterations: averages come before checkpoints."""

from mmengine.runner import Runner

from moefusion.engine import IterSyncBuffersHook, sync_buffers_hook


def test_averages_before_each_checkpoint(make_runner, monkeypatch):
    events = []
    save = Runner.save_checkpoint
    monkeypatch.setattr(
        Runner,
        'save_checkpoint',
        lambda self, *args, **kwargs: events.append('saved') or save(self, *args, **kwargs),
    )
    monkeypatch.setattr(
        sync_buffers_hook, 'all_reduce_params', lambda buffers, op: events.append((op, runner.iter))
    )
    hook = IterSyncBuffersHook(interval=2)
    hook.distributed = True
    checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=4, save_last=False)
    runner = make_runner(
        hooks=[hook],
        train_cfg=dict(by_epoch=False, max_iters=5),
        default_hooks=dict(checkpoint=checkpoint),
    )
    runner.train()
    assert events == [('mean', 1), ('mean', 3), 'saved']
