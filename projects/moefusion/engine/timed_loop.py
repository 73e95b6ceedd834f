"""TimedTrainLoop: training by epochs that ends when its time is over."""

from __future__ import annotations

import time
from typing import Any

import torch
from mmdet.registry import LOOPS
from mmengine.dist import broadcast
from mmengine.runner import EpochBasedTrainLoop


@LOOPS.register_module()
class TimedTrainLoop(EpochBasedTrainLoop):
    """MMEngine's ``EpochBasedTrainLoop`` with a limit of time.

    The iteration in which the time runs out is the last one, the first at the earliest. A
    checkpoint is then saved as at the end of an epoch, and the epoch that was cut counts as one.

    Args:
        *args: as for ``EpochBasedTrainLoop``.
        minutes (float): from building the loop to the last iteration.
        **kwargs: as for ``EpochBasedTrainLoop``.

    Examples:
        >>> train_cfg = dict(type='TimedTrainLoop', max_epochs=12, minutes=30)
    """

    def __init__(self, *args: Any, minutes: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minutes = minutes
        self._end = time.monotonic() + 60 * minutes

    def run_epoch(self) -> None:
        """Train for one epoch, or for what there is time for."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for idx, data_batch in enumerate(self.dataloader):
            self.run_iter(idx, data_batch)
            if self._iter < self.max_iters and self._is_over():
                self.stop_training = True
                self.runner.logger.warning(
                    f'stopped early, after {self._iter} of {self.max_iters} iterations: the '
                    f'{self.minutes:g} minutes are over'
                )
                break
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _is_over(self) -> bool:
        """What the first process finds, so that all stop at once."""
        over = torch.tensor(int(time.monotonic() > self._end))
        broadcast(over)
        return bool(over)
