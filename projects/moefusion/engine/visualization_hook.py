"""Shows the first pairs of a validation or test run: sources, attention, gates and fused image."""

from pathlib import Path
from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from moefusion.visualization import draw_fusion, fusion_picture


@HOOKS.register_module()
class FusionVisualizationHook(Hook):
    """Sends one picture a pair to the visualiser's backends, under ``<stem>``.

    Args:
        num_images (int): how many pairs, from the first on; 0 for none. Defaults to 4.
    """

    def __init__(self, num_images: int = 4) -> None:
        self.num_images = num_images
        self._shown = 0

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        self._shown = 0

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode == 'train':
            return
        for pair, sample in zip(data_batch['inputs'], outputs):
            if self._shown >= self.num_images or 'fused' not in sample:
                return
            self._shown += 1
            Visualizer.get_current_instance().add_image(
                Path(sample.img_path).stem,
                draw_fusion([fusion_picture(pair, sample)]),
                step=runner.iter if mode == 'val' else 0,
            )
