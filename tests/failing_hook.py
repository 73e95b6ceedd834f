"""A hook with which one rank of a training fails; test_ranks.py puts it into a config."""

import os
import signal
import time
from pathlib import Path

from mmdet.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class FailingHook(Hook):
    """In the second iteration a rank notes the time, and fails, or kills what has started it."""

    def __init__(self, rank, way, note):
        self.rank, self.way, self.note = rank, way, note

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank != self.rank or runner.iter != 1:
            return
        Path(self.note).write_text(str(time.time()))
        if self.way == 'killed':
            os.kill(os.getpid(), signal.SIGKILL)
        if self.way == 'torchrun killed':
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(120)
        if self.way == 'raises':
            raise ValueError('this rank cannot go on')
        for expert in runner.model.module.fusion.decoder.experts:
            expert[-1].bias.data.fill_(float('nan'))
