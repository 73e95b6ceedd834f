"""Refuses what waits for epochs in a training by iterations, which has but one."""

from __future__ import annotations

from mmengine.hooks import CheckpointHook
from mmengine.runner import IterBasedTrainLoop, Runner

CURE = 'Set by_epoch=False there, and its numbers in iterations.'


def refuse_epochs(runner: Runner) -> None:
    """Raise ValueError where checkpoints or learning rates wait for epochs that never end.

    A training by iterations would save nothing before its end, and keep its learning rate.
    """
    if not isinstance(runner.train_loop, IterBasedTrainLoop):
        return
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.by_epoch:
            raise ValueError(
                'default_hooks.checkpoint saves by epochs, but training goes by iterations: '
                f'nothing would be saved before its end. {CURE}'
            )
    found = runner.param_schedulers or []
    lists = found.values() if isinstance(found, dict) else [found]
    for scheduler in (each for several in lists for each in several):
        if scheduler.by_epoch:
            raise ValueError(
                f'param_scheduler: {type(scheduler).__name__} goes by epochs, but training by '
                f'iterations: it would change nothing. {CURE}'
            )
