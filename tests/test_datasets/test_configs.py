"""The data configs, on synthetic pairs: what the model is given to train and to be scored on."""

import shutil
from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from moefusion import plugin
from moefusion.datasets.readers import find_readers
from moefusion.files import read_visible, write_image
from moefusion.synthetic.writer import make_demo_data

register_all_modules()


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('configs') / 'demo'
    make_demo_data(root, 2, 1, (160, 120))
    return str(root)


@pytest.fixture
def build(data, repo_root):
    """A function that builds the reader of a split from the config of that name."""

    def make(name, split):
        cfg = Config.fromfile(repo_root / 'configs' / '_base_' / 'datasets' / f'{name}.py')
        dataset = cfg[f'{split}_dataloader'].dataset
        dataset.get('dataset', dataset).data_root = data
        return DATASETS.build(dataset)

    return make


@pytest.mark.parametrize(('name', 'size'), [('m3fd', (480, 640)), ('demo', (120, 160))])
def test_training_samples(build, name, size):
    dataset = build(name, 'train')
    assert len(dataset) == 3 * 2  # repeated three times, as in the authors' code
    sample = dataset[0]
    assert sample['inputs'].dtype == torch.uint8 and sample['inputs'].shape == (4, *size)
    assert sample['data_samples'].infrared_path.endswith('Ir/00000.png')
    boxes = sample['data_samples'].gt_instances.bboxes.tensor
    assert len(boxes) and (boxes >= 0).all()
    assert (boxes <= torch.tensor([*size[::-1]] * 2)).all()


@pytest.mark.parametrize(
    ('name', 'size', 'factor'), [('m3fd', (480, 640), (4, 4)), ('demo', (120, 160), (1, 1))]
)
def test_scoring_samples_keep_boxes_in_the_coordinates_of_the_file(build, name, size, factor):
    dataset = build(name, 'val')
    sample = dataset[0]
    assert sample['inputs'].shape == (4, *size)
    meta = sample['data_samples'].metainfo
    assert meta['ori_shape'] == (120, 160) and meta['img_shape'] == size
    assert meta['scale_factor'] == factor
    boxes = sample['data_samples'].gt_instances.bboxes.tensor
    expected = [item['bbox'] for item in dataset.get_data_info(0)['instances']]
    torch.testing.assert_close(boxes, torch.tensor(expected))


def test_roadscene_crops_to_one_size_and_tests_at_native_size(build):
    assert build('roadscene', 'train')[0]['inputs'].shape == (4, 256, 320)
    assert build('roadscene', 'val')[0]['inputs'].shape == (4, 120, 160)


def detector_config(repo_root, name, data):
    cfg = Config.fromfile(repo_root / 'configs' / 'detectors' / name)
    for split in ('train', 'val', 'test'):
        (leaf,) = (reader for _, reader in find_readers(cfg, [split]))
        leaf.data_root = data
        leaf.metainfo = dict(classes=('People', 'Car'))  # the rendered pairs'
    return cfg


@pytest.mark.parametrize('name', ['faster-rcnn-lite_demo.py', 'faster-rcnn_r50_roadscene.py'])
def test_a_detector_learns_from_both_modalities(data, repo_root, name):
    """As many visible as infrared images, two for each pair."""
    cfg = detector_config(repo_root, name, data)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(dataset) == 2 * 2
    gray = []
    for _ in range(10):
        for index in range(len(dataset)):
            sample = dataset[index]
            assert sample['inputs'].shape[0] == 3
            gray.append(bool((sample['inputs'] == sample['inputs'][:1]).all()))
    assert 8 <= sum(gray) <= 32  # infrared: 20 on average, four standard deviations


def test_a_lite_detector_learns_from_blends_too(data, repo_root):
    cfg = detector_config(repo_root, 'faster-rcnn-lite_roadscene.py', data)
    (step,) = (
        step
        for step in cfg.train_dataloader.dataset.dataset.dataset.pipeline
        if step.type == 'SelectModality'
    )
    assert (step.modality, step.blend) == ('random', 0.8)
    sample = DATASETS.build(cfg.train_dataloader.dataset)[0]
    assert sample['inputs'].shape == (3, 224, 288)


def test_a_detector_learns_from_fused_images_alone(data, repo_root):
    cfg = detector_config(repo_root, 'faster-rcnn-lite-fused_roadscene.py', data)
    for split in ('train', 'val', 'test'):
        ((_, reader),) = find_readers(cfg, [split])
        assert reader.data_prefix.visible == 'Fused'
        (step,) = (step for step in reader.pipeline if step.type == 'SelectModality')
        assert (step.modality, step.get('blend', 0)) == ('visible', 0)
    shutil.copytree(f'{data}/Vis', f'{data}/Fused', dirs_exist_ok=True)
    for path in Path(data, 'Fused').iterdir():
        write_image(path, np.full_like(read_visible(path), 77))
    sample = DATASETS.build(cfg.test_dataloader.dataset)[0]
    assert (sample['inputs'] == 77).all() and len(sample['data_samples'].gt_instances.bboxes)
    assert DATASETS.build(cfg.train_dataloader.dataset)[0]['inputs'].shape == (3, 224, 288)


@pytest.mark.parametrize('modality', ['visible', 'infrared'])
def test_a_detector_is_scored_on_one_modality(data, repo_root, modality):
    """The same pixels as MMDetection's own loader reads from the file."""
    cfg = detector_config(repo_root, 'faster-rcnn-lite_demo.py', data)
    key = 'test_dataloader.dataset.pipeline.2.modality'
    cfg.merge_from_dict({key: modality})
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    sample = dataset[0]
    folder = dict(visible='Vis', infrared='Ir')[modality]
    stock = mmcv.imread(f'{data}/{folder}/{Path(sample["data_samples"].img_path).name}')
    assert torch.equal(sample['inputs'], torch.from_numpy(stock).permute(2, 0, 1))
    assert len(sample['data_samples'].gt_instances.bboxes)


def test_every_reader_is_registered_by_the_plugin():
    assert plugin
    for name in ('M3FDDataset', 'FLIRAlignedDataset', 'LLVIPDataset', 'PairedCocoDataset'):
        assert DATASETS.get(name).__name__ == name
