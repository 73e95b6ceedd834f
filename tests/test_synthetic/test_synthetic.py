"""The synthetic pairs: deterministic, aligned, labelled tightly, warm people, dark nights."""

import os

import cv2
import numpy as np
import pytest

from moefusion.datasets.layout import check_layout
from moefusion.datasets.published import M3FDDataset
from moefusion.synthetic import scene, writer
from moefusion.synthetic.light import CONDITIONS


@pytest.fixture(scope='module')
def pairs():
    return [
        scene.render_pair(np.random.default_rng([3, i]), 192, 144, CONDITIONS[i % 4])
        for i in range(16)
    ]


def regions(pairs, name, condition=None):
    """Yield (visible gray, infrared) inside each box of a class."""
    for pair in pairs:
        if condition in (None, pair.condition):
            for label, (x1, y1, x2, y2) in pair.objects:
                if label == name:
                    gray = pair.visible[y1:y2, x1:x2].mean(axis=2)
                    yield gray, pair.infrared[y1:y2, x1:x2], pair


def test_shapes_types_and_classes(pairs):
    for pair in pairs:
        assert pair.visible.shape == (144, 192, 3) and pair.visible.dtype == np.uint8
        assert pair.infrared.shape == (144, 192) and pair.infrared.dtype == np.uint8
        for _, (x1, y1, x2, y2) in pair.objects:
            assert 0 <= x1 < x2 <= 192 and 0 <= y1 < y2 <= 144
    labels = [name for pair in pairs for name, _ in pair.objects]
    assert set(labels) == {'People', 'Car'} and min(map(labels.count, set(labels))) >= 10


def test_people_are_warm_in_every_condition(pairs):
    for condition in CONDITIONS:
        peaks = [
            (ir.max(), np.median(p.infrared)) for _, ir, p in regions(pairs, 'People', condition)
        ]
        assert peaks and all(peak > median + 80 for peak, median in peaks)


def test_night_hides_people_from_the_visible_camera(pairs):
    by_night, by_day = (
        np.median([np.median(gray) for gray, _, _ in regions(pairs, 'People', condition)])
        for condition in ('night', 'day')
    )
    assert by_night < by_day / 3


def test_smoke_changes_the_visible_image_alone():
    made = {}
    for condition in ('day', 'smoke'):
        made[condition] = scene.render_pair(np.random.default_rng(5), 192, 144, condition)
    assert made['day'].objects == made['smoke'].objects
    hidden, seen = (
        np.abs(np.float32(getattr(made['day'], k)) - getattr(made['smoke'], k)).mean()
        for k in ('visible', 'infrared')
    )
    assert hidden > 25 and seen < 8


def test_boxes_are_tight_around_a_lone_sprite():
    """A sprite of known outline: the box must be the one of its pixels past the thing in front."""
    look = np.zeros((80, 100, 4), np.float32)
    look[20:60, 30:50] = 1  # 10..30 by 15..25 at the final scale
    front = np.zeros_like(look)
    front[50:80, 20:60] = 1

    def thing(name, z, layer):
        return scene._Thing(name, z, 0, 0, 1, scene.Patch(0, 0, layer, layer))

    kept, objects = scene._visible_parts(
        [thing('People', 9, look), thing('tree', 5, front)], 80, 100
    )
    assert objects == [('People', (15, 10, 25, 25))]
    front[25:] = 1  # hides all but an eighth: no label, and it is not drawn
    kept, objects = scene._visible_parts(
        [thing('People', 9, look), thing('tree', 5, front)], 80, 100
    )
    assert objects == [] and [t.name for t in kept] == ['tree']


def test_same_seed_same_files_and_readable_by_the_reader(tmp_path):
    for name in ('one', 'two'):
        writer.make_demo_data(tmp_path / name, 4, 2, (96, 72), seed=7)
    writer.make_demo_data(tmp_path / 'other', 4, 2, (96, 72), seed=8)
    files = sorted(p.relative_to(tmp_path / 'one') for p in (tmp_path / 'one').rglob('*.*'))
    assert len(files) == 6 * 3 + 3
    assert all(
        (tmp_path / 'one' / f).read_bytes() == (tmp_path / 'two' / f).read_bytes() for f in files
    )
    images = [f for f in files if f.suffix == '.png']
    assert all(
        (tmp_path / 'one' / f).read_bytes() != (tmp_path / 'other' / f).read_bytes() for f in images
    )
    for split, number in (('train', 4), ('test', 2)):
        dataset = M3FDDataset(
            data_root=str(tmp_path / 'one'),
            ann_file=f'{split}.txt',
            metainfo=dict(classes=('People', 'Car')),
            lazy_init=True,
        )
        report = check_layout(dataset)
        assert report.problems == report.notes == [] and report.pairs == number


def test_voc_corners_are_one_based_and_inclusive():
    pair = scene.Pair(None, np.zeros((30, 40), np.uint8), [('Car', (4, 5, 24, 19))], 'day')
    box = '<xmin>5</xmin><ymin>6</ymin><xmax>24</xmax><ymax>19</ymax>'
    assert box in writer._voc('a', pair)


def test_mixed_sizes(tmp_path):
    writer.make_demo_data(tmp_path / 'd', 4, 2, (96, 72), mixed_sizes=True)
    shapes = {cv2.imread(str(p)).shape[:2] for p in (tmp_path / 'd' / 'Vis').iterdir()}
    assert len(shapes) > 3 and all(54 <= h <= 90 and 72 <= w <= 120 for h, w in shapes)


def test_replaces_its_own_folder_and_no_other(tmp_path):
    out = tmp_path / 'd'
    writer.make_demo_data(out, 1, 1, (64, 48), seed=1)
    before = (out / 'Vis' / '00000.png').read_bytes()
    writer.make_demo_data(out, 1, 1, (64, 48), seed=2)
    assert (out / 'Vis' / '00000.png').read_bytes() != before
    (out / 'thesis.txt').touch()
    with pytest.raises(FileExistsError, match='something else'):
        writer.make_demo_data(out, 1, 1, (64, 48))
    (tmp_path / 'file').touch()
    with pytest.raises(FileExistsError, match='something else'):
        writer.make_demo_data(tmp_path / 'file', 1, 1, (64, 48))
    assert sorted(os.listdir(tmp_path)) == ['d', 'file']


def test_nothing_is_left_of_an_interrupted_run(tmp_path):
    def stop(indices):
        yield from indices[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.make_demo_data(tmp_path / 'd', 3, 1, (64, 48), progress=stop)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize('wrong', [dict(train=0), dict(test=-1), dict(size=(63, 48))])
def test_impossible_requests(tmp_path, wrong):
    with pytest.raises(ValueError, match='need a pair'):
        writer.make_demo_data(tmp_path / 'd', **wrong)
