"""SeedHook: a run that goes on draws the random numbers of one that was never stopped."""

from functools import partial
from typing import Any

import numpy as np
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner, set_random_seed


@HOOKS.register_module()
class SeedHook(Hook):
    """Derives the random numbers of each epoch and iteration from the run's seed.

    MMEngine seeds once, at the start: a resumed run draws the numbers of the first epoch again.
    With this hook and the same number of processes and workers, a run that was killed ends with
    the weights of one that was not, on a CPU bit by bit. ``train_dataloader`` must have
    ``persistent_workers=False`` if training goes by epochs: the workers start with the epoch's
    seed. Trained by iterations, MMEngine's loop makes up for the batches that were drawn.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the loading of the epoch's data, in this process and in workers."""
        seed = _derive(runner.seed, 0, runner.epoch)
        set_random_seed(seed)
        loader = runner.train_dataloader
        if 'seed' in getattr(loader.worker_init_fn, 'keywords', {}):  # MMEngine's
            loader.worker_init_fn = partial(loader.worker_init_fn, seed=seed)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed the step: samplers of boxes, noise of the gates."""
        set_random_seed(_derive(runner.seed, 1, runner.iter))


def _derive(*numbers: int) -> int:
    """A seed for numbers that have no order; below 2^31, as the workers add theirs to it."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0] >> 1)
