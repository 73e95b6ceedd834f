"""find_pairs: files of two folders by name, and those without a partner."""

import numpy as np

from moefusion.apis import find_pairs
from moefusion.files import write_image


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        write_image(folder / name, np.zeros((4, 6, 3), np.uint8))
    return folder


def test_pairs_by_name_without_extension(tmp_path):
    vis = write(tmp_path / 'v', 'b.png', 'a.png', 'A.jpg', 'x.y.bmp')
    ir = write(tmp_path / 'i', 'a.bmp', 'b.png', 'A.png', 'x.y.png')
    (vis / 'c.png').mkdir()  # a folder is no image
    pairs, problems = find_pairs(vis, ir)
    assert not problems
    assert pairs == {
        'A': (vis / 'A.jpg', ir / 'A.png'),
        'a': (vis / 'a.png', ir / 'a.bmp'),
        'b': (vis / 'b.png', ir / 'b.png'),
        'x.y': (vis / 'x.y.bmp', ir / 'x.y.png'),
    }
    assert list(pairs) == ['A', 'a', 'b', 'x.y']


def test_missing_partners_of_both_kinds(tmp_path):
    vis, ir = write(tmp_path / 'v', 'a.png', 'b.png'), write(tmp_path / 'i', 'b.png', 'c.png')
    pairs, problems = find_pairs(vis, ir)
    assert list(pairs) == ['b'] and list(problems) == ['a', 'c']
    assert str(vis / 'a.png') in problems['a'] and str(ir) in problems['a']
    assert str(ir / 'c.png') in problems['c'] and str(vis) in problems['c']


def test_named_pairs_alone(tmp_path):
    vis, ir = (
        write(tmp_path / 'v', 'a.png', 'b.png', 'c.png'),
        write(tmp_path / 'i', 'a.png', 'b.png'),
    )
    pairs, problems = find_pairs(vis, ir, ['d', 'b'])
    assert list(pairs) == ['b'] and list(problems) == ['d']
    assert 'no image d.*' in problems['d']
