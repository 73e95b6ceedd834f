"""Shows the first pairs of a validation or test run: sources, attention, gates and fused image."""

from pathlib import Path
from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from moefusion.visualization import draw_fusion, fusion_picture
from moefusion.visualization.expert_picture import capture_experts, draw_experts


@HOOKS.register_module()
class FusionVisualizationHook(Hook):
    """Sends one picture a pair to the visualiser's backends, under ``<stem>``.

    Args:
        num_images (int): how many pairs, from the first on; 0 for none. Defaults to 4.
        experts (bool): whether to fuse these pairs once more, and send what each local expert makes
            of them (paper, Fig. 6) under ``<stem>_experts``. Defaults to False.
    """

    def __init__(self, num_images: int = 4, experts: bool = False) -> None:
        self.num_images, self.experts = num_images, experts
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
            step = runner.iter if mode == 'val' else 0
            name, picture = Path(sample.img_path).stem, fusion_picture(pair, sample)
            visualizer = Visualizer.get_current_instance()
            visualizer.add_image(name, draw_fusion([picture]), step=step)
            if self.experts:
                model = runner.model.module if is_model_wrapper(runner.model) else runner.model
                with capture_experts(model.fusion) as maps:
                    model.test_step(dict(inputs=[pair], data_samples=[sample.clone()]))
                visualizer.add_image(f'{name}_experts', draw_experts(picture, maps), step=step)
