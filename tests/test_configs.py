"""Every config builds and agrees with its data set and with the detector that scores it."""

from pathlib import Path

import pytest

from config_files import ALL, CONFIGS, DETECTORS, FULL, FUSION, LITE, NUM_CLASSES, leaves, read


def test_the_configs_are_found():
    assert {
        'moefusion_m3fd.py',
        'moefusion_flir.py',
        'moefusion_llvip.py',
        'moefusion_roadscene.py',
    } <= set(FULL)
    assert {'moefusion-lite_demo.py', 'moefusion-lite_roadscene.py'} <= set(LITE)
    assert DETECTORS


@pytest.mark.parametrize('name', ALL)
def test_everything_but_the_data_builds(name):
    from mmdet.registry import DATASETS, HOOKS, METRICS
    from mmengine.dataset import Compose
    from mmengine.evaluator import Evaluator
    from mmengine.visualization import Visualizer

    Visualizer.get_instance('configs')  # MMDetection's visualisation hook asks for one
    config = read(name)
    for leaf in leaves(config):
        assert DATASETS.get(leaf.type) is not None, leaf.type
        Compose(leaf.pipeline)
    for hook in [*config.default_hooks.values(), *config.get('custom_hooks', [])]:
        if hook.type != 'LoggerHook':
            HOOKS.build(hook)
    assert Evaluator(config.val_evaluator).metrics
    metrics = config.test_evaluator
    for metric in metrics if isinstance(metrics, list) else [metrics]:
        assert METRICS.get(metric.type) is not None


@pytest.mark.parametrize('name', ALL)
def test_schedule(name):
    """Warm-up and decay stay within the training."""
    config = read(name)
    if config.train_cfg.type == 'IterBasedTrainLoop':
        iterations = config.train_cfg.max_iters
        assert all(
            not scheduler.by_epoch and scheduler.end <= iterations
            for scheduler in config.param_scheduler
        )
        hooks = config.default_hooks
        assert iterations % hooks.checkpoint.interval == 0
        assert hooks.checkpoint.interval % hooks.sync_buffers.interval == 0
        return
    epochs = config.train_cfg.max_epochs
    for scheduler in config.param_scheduler:
        if scheduler.get('by_epoch', True):
            assert scheduler.get('end', epochs) <= epochs
            assert all(step < epochs for step in scheduler.get('milestones', []))
    assert config.train_cfg.val_interval <= epochs
    if name in FULL:
        assert epochs == 24 and config.train_dataloader.batch_size == 4
        assert config.optim_wrapper.optimizer.type == 'Adam'
        assert config.optim_wrapper.optimizer.lr == 1e-4


@pytest.mark.parametrize('name', ALL)
def test_hooks(name):
    """Every run checks its classes and joins its statistics; detectors have no fusion's hook."""
    config = read(name)
    types = {hook.type for hook in config.default_hooks.values()}
    iterations = config.train_cfg.type == 'IterBasedTrainLoop'
    sync = 'IterSyncBuffersHook' if iterations else 'SyncBuffersHook'
    assert {'EarlyNumClassCheckHook', sync, 'SafeCheckpointHook', 'SeedHook'} <= types
    fusion = {'JointLossHook', 'FusionVisualizationHook'}
    assert types & fusion == (fusion if name in FUSION else set())
    assert 'custom_hooks' not in config


def test_the_stock_detector_is_the_one_the_paper_names():
    """MMDetection's file, with a list of necks and our class count."""
    from mmengine.config import Config

    stock = Config.fromfile(CONFIGS / '_base_/models/faster-rcnn_r50_fpn.py').model
    assert stock.pop('_scope_') == 'mmdet'
    assert (stock.backbone.depth, stock.type) == (50, 'FasterRCNN')
    assert [neck.type for neck in stock.neck] == ['FPN']
    assert stock.roi_head.bbox_head.num_classes == 6
    assert stock.test_cfg.rcnn == dict(
        score_thr=0.05, nms=dict(type='nms', iou_threshold=0.5), max_per_img=100
    )


def data_of(name):
    data = Path(name).stem.split('_')[-1]
    return 'roadscene' if data == 'mixed' else data


@pytest.mark.parametrize('name', FUSION)
def test_classes_of_heads_and_data(name):
    config = read(name)
    expected = NUM_CLASSES[data_of(name)]
    heads = [config.model.visible_detector, config.model.infrared_detector]
    assert [head.roi_head.bbox_head.num_classes for head in heads] == [expected] * len(heads)
    for leaf in leaves(config):
        assert len(classes_of(leaf)) == expected


@pytest.mark.parametrize('name', DETECTORS)
def test_classes_of_detectors_and_data(name):
    config = read(name)
    expected = NUM_CLASSES[Path(name).stem.split('_')[-1]]
    assert config.model.roi_head.bbox_head.num_classes == expected
    for leaf in leaves(config):
        assert len(classes_of(leaf)) == expected


def classes_of(leaf):
    from mmdet.registry import DATASETS

    return (leaf.get('metainfo') or DATASETS.get(leaf.type).METAINFO)['classes']


@pytest.mark.parametrize('name', DETECTORS)
def test_a_detector_can_score_the_fusion_of_its_data(name):
    """Same classes, in one order, as the fusion config of the data set."""
    data = Path(name).stem.split('_')[-1]
    fusion = next(
        n
        for n in FUSION
        if n.endswith(f'_{data}.py') and ('lite' in n) == ('lite' in name or data == 'demo')
    )
    assert {tuple(classes_of(leaf)) for leaf in leaves(read(name))} == {
        tuple(classes_of(leaf)) for leaf in leaves(read(fusion))
    }


@pytest.mark.parametrize('name', FUSION)
def test_the_judge_is_what_training_its_config_writes(name):
    """Same data and classes, the last checkpoint of its schedule; none while training."""
    config = read(name)
    assert [metric.type for metric in config.val_evaluator] == ['FusionMetric']
    fusion, detection = config.test_evaluator
    assert (fusion.type, detection.type) == ('FusionMetric', 'FusedDetectionMetric')
    judge = Path(detection.detector.config)
    detector = read(judge.relative_to('configs'))
    assert judge.stem.endswith(data_of(name))
    assert detector.model.roi_head.bbox_head.num_classes == NUM_CLASSES[data_of(name)]
    last = f'epoch_{detector.train_cfg.max_epochs}.pth'
    assert Path(detection.detector.checkpoint) == Path('work_dirs', judge.stem, last)
