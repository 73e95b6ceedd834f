"""Every config builds, agrees with its data set, trains one step and predicts."""

from pathlib import Path

import pytest
import torch

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
ALL = sorted(
    path.relative_to(CONFIGS).as_posix()
    for path in CONFIGS.rglob('*.py')
    if not {'_base_', 'ablations'} & set(path.parts)
)
FUSION = [name for name in ALL if Path(name).name.startswith('moefusion')]
LITE = [name for name in FUSION if 'lite' in name]
FULL = [name for name in FUSION if name not in LITE]
DETECTORS = [name for name in ALL if name.startswith('detectors/')]

# Counts of the published data sets (paper, 4.1), not of our readers
NUM_CLASSES = dict(demo=2, flir=3, llvip=1, m3fd=6, roadscene=3)


def read(name):
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    config = Config.fromfile(CONFIGS / name)
    init_default_scope(config.default_scope)
    return config


def build_model(config):
    from mmdet.registry import MODELS

    return MODELS.build(config.model)


def innermost(dataset):
    """The data sets within RepeatDataset, ConcatDataset and the like."""
    if 'datasets' in dataset:
        return [leaf for part in dataset.datasets for leaf in innermost(part)]
    return innermost(dataset.dataset) if 'dataset' in dataset else [dataset]


def leaves(config):
    loaders = [config.train_dataloader, config.val_dataloader, config.test_dataloader]
    return [leaf for loader in loaders for leaf in innermost(loader.dataset)]


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
    assert 'custom_hooks' not in read(name)


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


@pytest.mark.parametrize('name', FULL)
def test_the_papers_network(name):
    """N = 4, K = 2 (paper, 4.1); s is a quarter and an eighth of 480 x 640."""
    fusion = read(name).model.fusion
    assert (fusion.num_experts, fusion.top_k) == (4, 2)
    assert tuple(fusion.local_grid) == (480 // 4, 640 // 4)
    assert tuple(fusion.global_grid) == (480 // 8, 640 // 8)
    weights = read(name).default_hooks.joint_loss.weights
    assert weights.fusion == dict(
        loss_pixel_foreground=1, loss_pixel_background=1, loss_gradient=10
    )
    assert weights.load == dict(
        loss_local_foreground=0.01, loss_local_background=0.01, loss_global=0.02
    )
    assert (weights.visible, weights.infrared) == (1, 1)


@pytest.mark.parametrize('name', FULL)
def test_the_papers_optimiser(name):
    """Adam at 1e-4 (4.1); the authors' code decays by 1e-4, clips at 35, steps at 16 and 22."""
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import PARAM_SCHEDULERS

    from moefusion.fusion import FusionNetwork

    config = read(name)
    model = torch.nn.Module()
    model.fusion = FusionNetwork(local_grid=(1, 1), global_grid=(1, 1))
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    assert type(wrapper.optimizer) is torch.optim.Adam
    assert wrapper.clip_grad_kwargs == dict(max_norm=35, norm_type=2)
    decay = {
        id(p): group['weight_decay'] for group in wrapper.param_groups for p in group['params']
    }
    for key, parameter in model.named_parameters():
        assert decay[id(parameter)] == (0 if '.gate.' in key else 1e-4), key
    (steps,) = (dict(s) for s in config.param_scheduler if s.type == 'MultiStepLR')
    assert steps['by_epoch']
    scheduler = PARAM_SCHEDULERS.build(dict(steps, optimizer=wrapper))
    rates = []
    for _ in range(config.train_cfg.max_epochs):
        rates.append(wrapper.get_lr()['lr'][0])
        wrapper.optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([1e-4] * 16 + [1e-5] * 6 + [1e-6] * 2)


def one_step(config, make_pair, *sizes, boxes=((4.0, 4.0, 40.0, 50.0),)):
    """Train one step on random pairs with the config's optimizer, then predict on them."""
    from mmengine.optim import build_optim_wrapper

    model = build_model(config)
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    pairs, samples = zip(*(make_pair(*size, boxes=boxes) for size in sizes))
    log = model.train_step(
        dict(inputs=list(pairs), data_samples=[sample.clone() for sample in samples]), wrapper
    )
    assert log['loss'].isfinite()
    for group in ('fusion', 'load', 'visible', 'infrared'):
        assert log[f'loss_{group}'] > 0 or group == 'load'
    assert model.state_dict()
    with torch.no_grad():
        results = model.eval().test_step(dict(inputs=list(pairs), data_samples=list(samples)))
    for result, size in zip(results, sizes):
        assert result.fused.data.shape == (1, *size)
        assert result.attention.data.shape == (3, *size)
    return log


@pytest.mark.parametrize('name', LITE)
def test_lite_configs_train_and_predict(name, make_pair):
    one_step(read(name), make_pair, (64, 96), (70, 61))


@pytest.mark.parametrize('name', FULL)
def test_full_configs_build(name):
    model = build_model(read(name))
    # ResNet-50's 23.5 million parameters twice, and the gates' 614400 x 4 x 2 and more
    assert 80e6 < sum(p.numel() for p in model.parameters()) < 120e6
    assert sum(p.numel() for p in model.visible_detector.backbone.parameters()) == 23_508_032


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, size', [('moefusion_m3fd.py', (480, 640)), *((name, (128, 160)) for name in FULL)]
)
def test_full_configs_train_and_predict(name, size, make_pair):
    one_step(read(name), make_pair, size)
