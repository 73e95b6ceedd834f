"""FusionVisualizationHook in a validation and a test run."""

import cv2
import pytest
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric

if 'CountForTheHook' not in METRICS:

    @METRICS.register_module()
    class CountForTheHook(BaseMetric):
        def process(self, data_batch, data_samples):
            self.results.extend(data_samples)

        def compute_metrics(self, results):
            return dict(count=len(results))


def evaluated(make_runner, num_images, backends=True, **hook):
    options = dict(
        test_dataloader=make_runner.loader(5),
        test_cfg=dict(),
        test_evaluator=dict(type='CountForTheHook'),
        val_dataloader=make_runner.loader(5),
        val_cfg=dict(),
        val_evaluator=dict(type='CountForTheHook'),
        hooks=[dict(type='FusionVisualizationHook', num_images=num_images, **hook)],
    )
    if backends:
        options['visualizer'] = dict(
            type='DetLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')]
        )
    return make_runner(**options)


@pytest.mark.parametrize(
    'num_images, expected',
    [(0, []), (1, [0]), (3, [0, 1, 2]), (4, [0, 1, 2, 3]), (9, [0, 1, 2, 3, 4])],
)
def test_writes_the_first_pairs(make_runner, tmp_path, num_images, expected):
    """Also where a batch reaches over the number, and the last batch is a smaller one."""
    assert evaluated(make_runner, num_images).test() == dict(count=5)
    files = sorted((tmp_path / 'work').rglob('vis_image/*.png'))
    assert [file.name for file in files] == [f'scene{i}_0.png' for i in expected]
    for file in files:
        assert cv2.imread(str(file)).shape[1] == 1600


def test_each_validation_writes_its_own(make_runner, tmp_path):
    runner = evaluated(make_runner, 1)
    runner.train()
    names = sorted(file.name for file in (tmp_path / 'work').rglob('vis_image/*.png'))
    assert names == ['scene0_3.png', 'scene0_6.png']  # after 3 and after 6 iterations


def test_experts_of_the_same_pairs(make_runner, tmp_path):
    """A picture more for each; what is scored stays as it was."""
    runner = evaluated(make_runner, 2, experts=True)
    assert runner.test() == dict(count=5)
    names = sorted(file.name for file in (tmp_path / 'work').rglob('vis_image/*.png'))
    assert names == [f'scene{i}{end}_0.png' for i in (0, 1) for end in ('', '_experts')]
