"""Shows the first pairs of a validation or test run: sources, attention, gates and fused image."""

from __future__ import annotations

from pathlib import Path

from mmdet.registry import HOOKS
from mmdet.structures import DetDataSample
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from moefusion.visualization.fusion_picture import draw_fusion
from moefusion.visualization.prediction import fusion_picture


@HOOKS.register_module()
class FusionVisualizationHook(Hook):
    """Sends one picture a pair to the visualiser's backends, under ``<stem>``.

    Args:
        num_images (int): how many pairs, from the first on; 0 for none. Defaults to 4.
    """

    def __init__(self, num_images: int = 4) -> None:
        self.num_images = num_images
        self._shown = 0

    def before_val_epoch(self, runner: Runner) -> None:
        self._shown = 0

    def before_test_epoch(self, runner: Runner) -> None:
        self._shown = 0

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: list[DetDataSample] | None = None,
    ) -> None:
        self._show(runner.iter, data_batch, outputs)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: list[DetDataSample] | None = None,
    ) -> None:
        self._show(0, data_batch, outputs)

    def _show(self, step: int, data_batch: dict, outputs: list[DetDataSample]) -> None:
        for pair, sample in zip(data_batch['inputs'], outputs):
            if self._shown >= self.num_images or 'fused' not in sample:
                return
            self._shown += 1
            picture = draw_fusion([fusion_picture(pair, sample)])
            Visualizer.get_current_instance().add_image(
                Path(sample.img_path).stem, picture, step=step
            )
