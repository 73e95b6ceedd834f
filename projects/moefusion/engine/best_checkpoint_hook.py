"""BestCheckpointHook: a run that goes on in a copied folder leaves the original's files alone."""

from __future__ import annotations

from pathlib import Path

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class BestCheckpointHook(Hook):
    """Looks for the best checkpoint so far in this run's work_dir, wherever it was written.

    With ``save_best``, MMEngine's ``CheckpointHook`` removes the best checkpoint when a better one
    comes, by the path that a resumed checkpoint has of it: in a copied folder, the original's.
    """

    def before_train(self, runner: Runner) -> None:
        """Correct the paths, before ``CheckpointHook`` takes them over."""
        for key, path in list(runner.message_hub.runtime_info.items()):
            here = Path(runner.work_dir, str(path).rpartition('/')[2])
            if key.startswith('best_ckpt') and here.is_file():
                runner.message_hub.update_info(key, str(here))
