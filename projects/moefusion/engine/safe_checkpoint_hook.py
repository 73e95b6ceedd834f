"""SafeCheckpointHook: a run that is killed, or finds the disk full, keeps what it had saved."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from mmdet.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from moefusion.files import write_file
from moefusion.metrics import METRIC_NAMES


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, with the same arguments, that loses nothing.

    MMEngine's removes an old checkpoint before it writes the new one: a run that is killed in
    between has none. Here the old one goes when the new one and the note ``last_checkpoint`` are
    there, each written whole by :class:`~moefusion.engine.WholeFileBackend`. The best checkpoint
    so far is looked for in this run's work_dir: a resumed checkpoint knows the path where it was
    written, which in a copied folder is the original's.

    Of ``FusionMetric``'s values the highest is the best, as of those that MMEngine's knows.

    Raises:
        TypeError: of an argument that neither it nor the runner's ``save_checkpoint`` takes, which
            MMEngine's finds when it saves for the first time.
        ValueError: before training, where ``save_best`` is none of the validation's values.
    """

    _default_greater_keys: ClassVar = [
        *CheckpointHook._default_greater_keys,
        *(f'/{name}' for name in METRIC_NAMES),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = inspect.signature(Runner.save_checkpoint).parameters
        if unknown := [key for key in self.args if key not in taken]:
            raise TypeError(f'SafeCheckpointHook: unexpected keyword argument {unknown[0]!r}')

    def before_train(self, runner: Runner) -> None:
        """Find the folder's best checkpoint, and remove drafts of a run that was killed."""
        if self.save_best:
            _refuse_unknown(self.key_indicators, runner)
        for key, path in list(runner.message_hub.runtime_info.items()):
            here = Path(runner.work_dir, str(path).rpartition('/')[2])
            if key.startswith('best_ckpt') and here.is_file():
                runner.message_hub.update_info(key, str(here))
        super().before_train(runner)
        if self.max_keep_ckpts > 0:
            # MMEngine's forgets what is too many
            self.keep_ckpt_ids: deque[int] = deque(self.keep_ckpt_ids)
        if is_main_process():
            for draft in Path(runner.work_dir).glob('.*.tmp'):
                draft.unlink(missing_ok=True)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        """Save, note, then remove what is too many."""
        if self.max_keep_ckpts > 0:
            if not self.keep_ckpt_ids or self.keep_ckpt_ids[-1] != step:
                self.keep_ckpt_ids.append(step)
            # with the one that goes below: resumed before it went, a run removes it
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            write_file(Path(runner.work_dir, 'last_checkpoint'), self.last_ckpt.encode())
        while 0 < self.max_keep_ckpts < len(self.keep_ckpt_ids):
            self._remove(self.filename_tmpl.format(self.keep_ckpt_ids.popleft()))

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Save as MMEngine does, but remove the earlier best one afterwards."""
        earlier: list[str] = []
        with mock.patch.object(self.file_backend, 'remove', earlier.append):
            super()._save_best_checkpoint(runner, metrics)
        kept = {getattr(self, 'best_ckpt_path', None)}
        kept |= set(getattr(self, 'best_ckpt_path_dict', {}).values())
        for path in set(earlier) - kept:
            self.file_backend.remove(path)

    def _remove(self, name: str) -> None:
        path = self.file_backend.join_path(self.out_dir, name)
        if is_main_process() and self.file_backend.isfile(path):
            self.file_backend.remove(path)


def _refuse_unknown(keys: Sequence[str], runner: Runner) -> None:
    """Raise ValueError for a best value that no evaluator of the validation gives."""
    metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
    given = []
    for metric in metrics:
        prefix = f'{metric.prefix}/' if metric.prefix else ''
        given += [prefix + name for name in getattr(metric, 'names', '*')]  # any, if unknown
    for key in keys:
        if key != 'auto' and not any(fnmatchcase(key, name) for name in given):
            raise ValueError(
                f'save_best is {key!r}, but the validation gives {", ".join(given) or "nothing"}. '
                'Name one of these values, or leave save_best out.'
            )
