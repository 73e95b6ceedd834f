"""The configs by kind, and what the tests read from them."""

from pathlib import Path

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
