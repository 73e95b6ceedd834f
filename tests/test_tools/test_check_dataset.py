"""tools/check_dataset.py: report, exit code, and the split for data sets that have none."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope='module')
def tool(load_tool):
    return load_tool('check_dataset')


@pytest.fixture
def config(tmp_path):
    """A config of 44 pairs without a split, with a wrapper and two equal dataloaders."""
    for folder in ('Vis', 'Ir', 'Annotation'):
        (tmp_path / folder).mkdir()
    for index in range(44):
        image = np.full((12, 16, 3), index, np.uint8)
        cv2.imwrite(str(tmp_path / 'Vis' / f'{index:03d}.png'), image)
        cv2.imwrite(str(tmp_path / 'Ir' / f'{index:03d}.png'), image[..., 0])
        (tmp_path / 'Annotation' / f'{index:03d}.xml').write_text('<annotation/>')
    path = tmp_path / 'config.py'
    path.write_text(
        f'def_ = dict(type="M3FDDataset", data_root={str(tmp_path)!r})\n'
        'train_dataloader = dict(dataset=dict(type="RepeatDataset", times=3,'
        ' dataset=dict(ann_file="train.txt", **def_)))\n'
        'val_dataloader = dict(dataset=dict(ann_file="test.txt", **def_))\n'
        'test_dataloader = val_dataloader\n'
    )
    return path


def test_split_is_made_once_then_checked(tool, config, capsys):
    assert tool.main([str(config)]) == 1
    assert '--make-split' in capsys.readouterr().out
    assert tool.main([str(config), '--make-split', '14']) == 0
    train, test = ((config.parent / f'{s}.txt').read_text().split() for s in ('train', 'test'))
    assert sorted(train + test) == [f'{i:03d}' for i in range(44)]
    # 14 of 44 in two runs of 7 neighbours, spread evenly
    assert test == [f'{i:03d}' for i in (*range(7), *range(22, 29))]
    out = capsys.readouterr().out
    assert '30 usable pairs' in out and out.count('14 usable pairs') == 1
    with pytest.raises(SystemExit, match='exists'):
        tool.main([str(config), '--make-split', '14'])


def test_problems_overlap_and_limit(tool, config, capsys):
    root = config.parent
    (root / 'train.txt').write_text('000\n001\n002\n')
    (root / 'test.txt').write_text('002\n003\n')
    for index in (0, 1):
        (root / 'Vis' / f'00{index}.png').write_bytes(b'')
    assert tool.main([str(config), '--max-problems', '1']) == 1
    out = capsys.readouterr().out
    assert '000.png: the file is empty' in out and '001.png' not in out and '1 more' in out
    assert '1 pairs are also in train, e.g. 002' in out
    assert tool.main([str(config), '--split', 'test']) == 0


def test_split_that_cannot_be_made(tool, config):
    with pytest.raises(SystemExit, match='leaves a split empty'):
        tool.main([str(config), '--make-split', '44'])
    assert not (config.parent / 'train.txt').exists()


def test_config_without_dataloaders(tool, tmp_path):
    (tmp_path / 'c.py').write_text('a = 1\n')
    with pytest.raises(SystemExit, match='no dataloader'):
        tool.main([str(tmp_path / 'c.py')])


@pytest.mark.parametrize('name', ['m3fd', 'flir', 'llvip', 'roadscene', 'demo'])
def test_every_base_config_has_three_readers(tool, repo_root, name):
    from mmengine.config import Config

    from moefusion.datasets.readers import find_readers

    cfg = Config.fromfile(repo_root / 'configs' / '_base_' / 'datasets' / f'{name}.py')
    found = find_readers(cfg, ['train', 'val', 'test'])
    assert [split for split, _ in found] == ['train', 'val']  # test is val
    for _, reader in found:
        tool.build(reader)


def test_the_range_of_the_config_is_taken_and_compared(tool, config, capsys):
    for path in (config.parent / 'Ir').iterdir():
        cv2.imwrite(str(path), np.full((12, 16), 29000, np.uint16))
    (config.parent / 'train.txt').write_text('000\n001\n')
    (config.parent / 'test.txt').write_text('002\n003\n')
    assert tool.main([str(config)]) == 1
    assert capsys.readouterr().out.count('uint16 values') == 4
    text = config.read_text()
    key = 'pipeline=[dict(type="LoadPairedImage", infrared_range=(27000, {}))], ann_file="{}.txt"'
    for name, high in (('train', 33000), ('test', 33000)):
        text = text.replace(f'ann_file="{name}.txt"', key.format(high, name))
    config.write_text(text)
    assert tool.main([str(config)]) == 0
    config.write_text(
        text.replace('(27000, 33000))], ann_file="test', '(27000, 30000))], ann_file="test')
    )
    assert tool.main([str(config)]) == 1
    assert 'infrared_range is (27000.0, 30000.0), but (27000.0, 33000.0)' in capsys.readouterr().out


def test_train_pictures_under_other_names_in_test(tool, config, capsys):
    root = config.parent
    noise = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8)
    for name, images in (('000', noise), ('001', noise), ('002', noise[::-1])):
        cv2.imwrite(str(root / 'Vis' / f'{name}.png'), images[0])
        cv2.imwrite(str(root / 'Ir' / f'{name}.png'), images[1, ..., 0])
    (root / 'train.txt').write_text('000\n003\n')
    (root / 'test.txt').write_text('001\n002\n')
    for name in ('003', '002'):  # two black frames show nothing that could be learned
        cv2.imwrite(str(root / 'Ir' / f'{name}.png'), np.zeros((12, 16), np.uint8))
    assert tool.main([str(config), '--split', 'test', 'train']) == 1
    found = [line for line in capsys.readouterr().out.splitlines() if 'PROBLEM' in line]
    same = '; '.join(
        f'{root / side / "001.png"} is {root / side / "000.png"}' for side in ('Ir', 'Vis')
    )
    assert found == [
        f'  PROBLEM: 2 images are in train under other names: {same}. '
        'Take them out of one of the lists.'
    ]


def test_pairs_are_told_apart_by_their_files_not_by_their_names(tool, config, capsys):
    root = config.parent
    (root / 'train.txt').write_text('000\n001\n')
    (root / 'test.txt').write_text('001\n002\n')
    text = config.read_text().replace('ann_file="test.txt", **def_', 'ann_file="test.txt", {}')
    reader = f'type="M3FDDataset", data_root="{root}/"'
    config.write_text(text.format(reader))
    assert tool.main([str(config)]) == 1
    assert '1 pairs are also in train, e.g. 001' in capsys.readouterr().out
    for folder in ('Vis', 'Ir'):  # DroneVehicle: train and test count from 1
        (root / 'test' / folder).mkdir(parents=True)
        for number in range(3):
            image = np.full((12, 16), 100 + number, np.uint8)
            cv2.imwrite(str(root / 'test' / folder / f'00{number}.png'), image)
    prefix = 'data_prefix=dict(visible="test/Vis", infrared="test/Ir")'
    config.write_text(text.format(f'{reader}, {prefix}'))
    assert tool.main([str(config)]) == 0


def test_what_has_no_part_in_a_split_is_said(tool, config, capsys):
    (config.parent / 'Annotation' / '043.xml').unlink()
    assert tool.main([str(config), '--make-split', '14']) == 1
    said = capsys.readouterr().out
    assert 'PROBLEM: 1 files have no part in the split, such as ' in said and '043' in said


def test_a_class_of_ignored_boxes_alone_is_a_problem(tool, config, capsys):
    (config.parent / 'train.txt').write_text('000\n')
    (config.parent / 'test.txt').write_text('001\n')
    corners = '<xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax>'
    (config.parent / 'Annotation' / '000.xml').write_text(
        '<annotation><object><name>Car</name><difficult>1</difficult>'
        f'<bndbox>{corners}</bndbox></object></annotation>'
    )
    assert tool.main([str(config)]) == 1
    said = capsys.readouterr().out
    assert 'boxes: Car 0' in said and 'note: 1 x box marked difficult' in said
    assert 'PROBLEM: no annotation that counts has Bus, Car, Lamp' in said
