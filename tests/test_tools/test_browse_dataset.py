"""tools/browse_dataset.py: pictures of pairs with boxes, without a display."""

import shutil

import cv2
import numpy as np
import pytest

from moefusion.synthetic.writer import make_demo_data


@pytest.fixture(scope='module')
def tool(load_tool):
    return load_tool('browse_dataset')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('browse') / 'demo'
    make_demo_data(root, 2, 1, (160, 120))
    return root


@pytest.fixture
def browse(tool, data, tmp_path, repo_root, monkeypatch):
    """A function that browses the demo config on small data and returns the pictures by name."""
    monkeypatch.delenv('DISPLAY', raising=False)

    def run(*args):
        tool.main(
            [
                str(repo_root / 'configs' / '_base_' / 'datasets' / 'demo.py'),
                *('--out-dir', str(tmp_path), *args, '--cfg-options'),
                f'train_dataloader.dataset.dataset.data_root={data}',
                f'val_dataloader.dataset.data_root={data}',
            ]
        )
        files = sorted(tmp_path.rglob('*.*'))
        return {str(f.relative_to(tmp_path)): cv2.imread(str(f)) for f in files}

    return run


def test_original_shows_both_modalities_with_boxes(browse, data):
    pictures = browse('--mode', 'original')
    assert list(pictures) == ['train/00000.png', 'train/00001.png']
    for name, picture in pictures.items():
        assert picture.shape == (360, 960, 3)  # enlarged three times, side by side
        file = name.split('/')[1]
        for half, folder in ((picture[:, :480], 'Vis'), (picture[:, 480:], 'Ir')):
            source = cv2.imread(str(data / folder / file))
            source = cv2.resize(source, (480, 360), interpolation=cv2.INTER_CUBIC)
            same = np.abs(half.astype(int) - source).max(axis=2) < 3
            assert 0.7 < same.mean() < 0.999  # the picture, and something drawn on it


def test_transformed_and_number(browse):
    pictures = browse('--show-number', '1', '--not-show')
    assert list(pictures) == ['train/00000.png']
    assert pictures['train/00000.png'].shape == (360, 960, 3)


def test_pipeline_stacks_every_step(browse):
    picture = browse('--mode', 'pipeline', '--show-number', '1')['train/00000.png']
    # load, annotations, crop, flip, with titles
    assert picture.shape == (4 * (360 + 28), 960, 3)


def test_other_split(browse):
    assert list(browse('--split', 'val')) == ['val/00002.png']


def test_pictures_of_two_sets_with_one_id_are_both_kept(tool, data, tmp_path, repo_root):
    base = repo_root / 'configs/_base_/datasets/demo.py'
    roots = [str(data), str(shutil.copytree(data, tmp_path / 'copy'))]
    config = tmp_path / 'config.py'
    reader = 'dict(_base_.val_dataloader.dataset, data_root=root)'
    joined = "dict(_delete_=True, type='ConcatDataset', datasets=both)"
    config.write_text(
        f"_base_ = '{base}'\nboth = [{reader} for root in {roots}]\n"
        f'val_dataloader = dict(dataset={joined})\n'
    )
    tool.main([str(config), '--split', 'val', '--not-show', '--out-dir', str(tmp_path / 'out')])
    found = sorted(path.name for path in (tmp_path / 'out/val').iterdir())
    assert found == ['00002.png', '00002_2.png']


def test_without_display_a_folder_is_needed(tool, repo_root, monkeypatch, capsys):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.setattr('sys.platform', 'linux')
    with pytest.raises(SystemExit):
        tool.main([str(repo_root / 'configs' / '_base_' / 'datasets' / 'demo.py')])
    assert '--out-dir' in capsys.readouterr().err
