"""Averages running statistics over processes before checkpoints of iteration-based training."""

from typing import Any

from mmdet.registry import HOOKS
from mmengine.dist import all_reduce_params
from mmengine.hooks import SyncBuffersHook
from mmengine.runner import Runner


@HOOKS.register_module()
class IterSyncBuffersHook(SyncBuffersHook):
    """MMEngine's ``SyncBuffersHook`` for training by iterations.

    MMEngine's waits for the end of an epoch, which is that of the whole training, and comes behind
    the checkpoints: they would hold the statistics of the first process alone.

    Args:
        interval (int): iterations from one average to the next; a divisor of the checkpoints'.
    """

    def __init__(self, interval: int) -> None:
        super().__init__()
        self.interval = interval

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Average, where it is time."""
        if self.distributed and self.every_n_train_iters(runner, self.interval):
            all_reduce_params(runner.model.buffers(), op='mean')
