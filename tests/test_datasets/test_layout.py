"""The layout check finds everything that is wrong, file by file, and nothing where all is well."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from moefusion import plugin  # noqa: F401
from moefusion.datasets.coco import PairedCocoDataset
from moefusion.datasets.layout import KnownFiles, check_layout
from moefusion.datasets.published import M3FDDataset
from moefusion.files import PairError

CAR, MAN = ('Car', 5, 6, 25, 20), ('People', 1, 1, 10, 25)


@pytest.fixture(autouse=True)
def scope():
    """As of a running tool: names of transforms are MMDetection's."""
    init_default_scope('mmdet')


def check(maker, **kwargs):
    return check_layout(M3FDDataset(data_root=str(maker.root), lazy_init=True, **kwargs))


def test_a_good_data_set_is_counted(m3fd):
    m3fd.pair('a', CAR, MAN).pair('b', MAN, size=(17, 23)).pair('c')
    steps = []
    dataset = M3FDDataset(data_root=str(m3fd.root), lazy_init=True)
    report = check_layout(dataset, lambda entries: steps.append(len(entries)) or entries)
    assert report.problems == report.notes == []
    assert report.pairs == 3 and report.boxes == {'Car': 1, 'People': 2}
    assert report.sizes == {(40, 30): 2, (17, 23): 1}
    assert steps == [3]


def test_thermal_images_are_opened_with_the_range_of_the_pipeline(m3fd):
    m3fd.pair('a', CAR)
    counts = np.full((30, 40), 29000, np.uint16)
    cv2.imwrite(str(m3fd.root / 'Ir' / 'a.png'), counts)
    (problem,) = check(m3fd, pipeline=[dict(type='LoadPairedImage')]).problems
    assert 'a.png: uint16 values' in problem and 'infrared_range=(low, high)' in problem
    loader = dict(type='LoadPairedImage', infrared_range=(27000, 33000))
    report = check(m3fd, pipeline=[loader])
    assert report.problems == [] and report.pairs == 1


def test_a_range_beside_images_of_8_bits_is_refused(m3fd):
    for name in 'abcdefg':
        m3fd.pair(name, CAR)
    for name in 'ab':
        cv2.imwrite(str(m3fd.root / 'Ir' / f'{name}.png'), np.full((30, 40), 29000, np.uint16))
    loader = dict(type='LoadPairedImage', infrared_range=(27000, 33000))
    wrapped = dict(type='RandomApply', transforms=[loader])
    expected = r'2 of more than 8 bits \(\S*a\.png, \S*b\.png\); 5 of 8 bits \(\S*c\.png, '
    for pipeline in ([loader], [wrapped]):
        (problem,) = check(m3fd, pipeline=pipeline).problems
        assert re.search(expected, problem)
        with pytest.raises(PairError, match=expected):
            M3FDDataset(data_root=str(m3fd.root), pipeline=pipeline)
    with pytest.raises(
        PairError, match=r'2 infrared images have more than 8 bits, such as .*a\.png'
    ):
        M3FDDataset(data_root=str(m3fd.root), modality='infrared')
    with pytest.raises(PairError, match=r'2 infrared .*a\.png\. Give LoadPairedImage an inf'):
        M3FDDataset(data_root=str(m3fd.root))
    assert len(M3FDDataset(data_root=str(m3fd.root), modality='visible')) == 7
    cv2.imwrite(str(m3fd.root / 'Vis' / 'c.png'), np.full((30, 40, 3), 29000, np.uint16))
    with pytest.raises(PairError, match=r'1 visible images .*c\.png, of which LoadImageFromFile'):
        M3FDDataset(data_root=str(m3fd.root), modality='visible')


def test_every_kind_of_fault_is_named(m3fd):
    names = 'abcdefghij'
    for name in names:
        m3fd.pair(name, CAR)
    m3fd.split('train', *names, 'k', 'j')
    root = m3fd.root
    (root / 'Ir' / 'a.png').unlink()
    (root / 'Annotation' / 'b.xml').unlink()
    m3fd.xml('c', '<annotation>')
    (root / 'Vis' / 'd.png').write_bytes((root / 'Vis' / 'd.png').read_bytes()[:500])
    cv2.imwrite(str(root / 'Ir' / 'e.png'), np.zeros((9, 9), np.uint8))
    cv2.imwrite(str(root / 'Ir' / 'f.png'), np.zeros((30, 40), np.uint16))
    size = '<size><width>80</width><height>60</height></size>'
    m3fd.xml('g', f'<annotation>{size}</annotation>')
    m3fd.pair('h', ('Dog', 1, 1, 9, 9))
    m3fd.pair('i', ('Car', 9, 9, 3, 20), ('Car', -20, 5, 20, 20))
    report = check(m3fd, ann_file='train.txt')
    expected = [
        ('Ir', 'a.*', 'no infrared file'),
        ('Annotation', 'b.*', 'no annotation file'),
        ('Vis', 'k.*', 'no visible file'),
        ('c.xml', 'broken'),
        ('d.png', 'truncated'),
        ('e.png is 40 x 30', '9 x 9'),
        ('f.png', 'uint16'),
        ('g.png is 40 x 30', 'says 80 x 60'),
        ('h.xml', "unknown class 'Dog'"),
        ('1 x box inverted', 'i.xml'),
        ('pair j twice',),
    ]
    for words in expected:
        matching = [p for p in report.problems if all(word in p for word in words)]
        assert len(matching) == 1, (words, report.problems)
    assert len(report.problems) == len(expected) + 2  # k lacks three files
    assert len(report.notes) == 1 and 'partly outside' in report.notes[0]
    assert report.pairs == 3  # i, j and j again


def test_missing_folder_or_split_is_a_problem_not_a_crash(m3fd):
    assert 'cannot read the split' in check(m3fd, ann_file='train.txt').problems[0]
    assert 'no pairs' in check(m3fd).problems[0]


def test_coco_json_is_checked_too(m3fd):
    m3fd.pair('a').pair('b')
    (m3fd.root / 'Ir' / 'b.png').unlink()
    images = [dict(id=i, file_name=f'{n}.png', width=40, height=30) for i, n in enumerate('ab')]
    content = dict(
        images=images,
        annotations=[dict(id=1, image_id=0, category_id=1, bbox=[50, 1, 9, 9], iscrowd=0)],
        categories=[dict(id=1, name='Car')],
    )
    kwargs = dict(ann_file='a.json', metainfo=dict(classes=('Car',)), lazy_init=True)
    path = m3fd.root / 'a.json'
    path.write_text(json.dumps(content))
    report = check_layout(PairedCocoDataset(data_root=str(m3fd.root), **kwargs))
    assert report.pairs == 1 and len(report.problems) == 2
    assert 'Ir/b.*: no infrared file for pair b' in report.problems[0]
    assert 'outside the image, dropped: a.png (annotation 1)' in report.problems[1]
    path.write_text('{')
    report = check_layout(PairedCocoDataset(data_root=str(m3fd.root), **kwargs))
    assert len(report.problems) == 1 and 'a.json' in report.problems[0]


def test_orientation_is_counted_and_applied(m3fd):
    m3fd.pair('a', CAR)
    exif = Image.Exif()
    exif[0x0112] = 6
    for folder in ('Vis', 'Ir'):
        (m3fd.root / folder / 'a.png').unlink()
        Image.fromarray(np.zeros((40, 30), np.uint8)).save(m3fd.root / folder / 'a.jpg', exif=exif)
    report = check(m3fd)
    assert report.problems == [] and report.sizes == {(40, 30): 1}
    assert report.notes[-1].startswith('2 x image with an EXIF')


def test_train_and_test_of_coco_files_may_count_from_the_same_id(m3fd):
    m3fd.pair('a').pair('b')
    reports = []
    for name in 'ab':
        image = dict(id=0, file_name=f'{name}.png', width=40, height=30)
        content = dict(images=[image], annotations=[], categories=[dict(id=1, name='Car')])
        (m3fd.root / f'{name}.json').write_text(json.dumps(content))
        data = PairedCocoDataset(data_root=str(m3fd.root), ann_file=f'{name}.json', lazy_init=True)
        reports.append(check_layout(data))
    assert set(reports[0].ids) == {'a'} and set(reports[1].ids) == {'b'}


def test_what_shows_nothing_or_the_same_and_boxes_given_twice(m3fd):
    m3fd.pair('a', CAR, MAN, CAR).pair('b', CAR).pair('c').pair('d')
    cv2.imwrite(str(m3fd.root / 'Ir' / 'b.png'), np.full((30, 40), 7, np.uint8))
    for side in ('Vis', 'Ir'):
        cv2.imwrite(str(m3fd.root / side / 'd.png'), np.zeros((30, 40), np.uint8))
    shutil.copy(m3fd.root / 'Ir' / 'c.png', m3fd.root / 'Vis' / 'c.png')
    report = check(m3fd)
    (problem,) = report.problems
    assert problem.startswith('1 x visible image that shows the same') and 'Vis/c.png' in problem
    assert report.boxes == {'Car': 3, 'People': 1}
    twice, nothing = report.notes
    assert twice.startswith('1 x box given twice, read as often: ') and 'a.xml' in twice
    assert nothing.startswith('3 x image of one value alone: ') and 'Ir/b.png' in nothing


def test_ignored_boxes_are_counted_apart(m3fd):
    m3fd.pair('a', CAR, (*MAN, 1), (*MAN, 1))
    report = check(m3fd)
    assert report.boxes == {'Car': 1, 'People': 0} and report.problems == []
    assert report.notes[-1].startswith('2 x box marked difficult or crowd, ignored in training')


def test_known_files_are_read_once_and_where_one_of_their_size_is_looked_for(tmp_path, monkeypatch):
    for name, content in dict(a='x', a2='x', b='y', c='zz', d='x', e='w', f='long').items():
        (tmp_path / name).write_text(content)
    a, a2, b, c, d, e, f = (str(tmp_path / name) for name in ('a', 'a2', 'b', 'c', 'd', 'e', 'f'))
    opened = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, 'read_bytes', lambda self: opened.append(self.name) or read(self))
    known = KnownFiles()
    known.add({a, a2})
    known.add({a, b, c})
    assert [known.find(path) for path in (d, e, f, d)] == [a, None, None, a]
    assert sorted(opened) == ['a', 'a2', 'b', 'd', 'd', 'e']
