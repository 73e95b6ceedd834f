"""The data configs, on synthetic pairs: what the model is given to train and to be scored on."""

import shutil
from pathlib import Path

import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from moefusion import plugin
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


def test_a_detector_learns_from_visible_infrared_and_fused_images(
    data, repo_root, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path('data').mkdir()
    Path('data', 'roadscene').symlink_to(data, target_is_directory=True)
    shutil.copytree(Path(data, 'Vis'), Path('outputs', 'roadscene_train'))  # as if fused
    config = repo_root / 'configs' / 'detectors' / 'faster-rcnn-lite-fused_roadscene.py'
    train = Config.fromfile(config).train_dataloader.dataset
    for part in train.datasets:
        part.dataset.metainfo = dict(classes=('People', 'Car'))  # the rendered pairs'
    parts = DATASETS.build(train).datasets
    folders = ('roadscene/Vis', 'roadscene/Ir', 'roadscene_train')
    for part, folder in zip(parts, folders, strict=True):
        sample = part[0]
        assert sample['data_samples'].img_path.endswith(f'{folder}/00000.png')
        assert sample['inputs'].shape == (3, 224, 288)
    infos = [part.dataset.get_data_info(0)['instances'] for part in parts]
    assert infos[0] and infos[0] == infos[1] == infos[2]


def test_every_reader_is_registered_by_the_plugin():
    assert plugin
    for name in ('M3FDDataset', 'FLIRAlignedDataset', 'LLVIPDataset', 'PairedCocoDataset'):
        assert DATASETS.get(name).__name__ == name
