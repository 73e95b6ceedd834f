"""Scores of a folder are those of the functions; broken files are reported, not raised."""

import cv2
import numpy as np
import pytest

from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.scoring import make_tasks, score_images
from moefusion.metrics import REGIONS, fusion_metrics


def tasks(folder, regions=REGIONS, protocol='literature'):
    images = find_evaluation_set(
        folder / 'vi',
        folder / 'ir',
        {name: folder / name for name in ('average', 'brighter')},
        folder / 'voc',
    )
    return make_tasks(images, regions, protocol)


def read(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])


@pytest.mark.parametrize('protocol', ['literature', 'standard'])
def test_values_of_the_functions(test_set, protocol):
    first, second, third = score_images(tasks(test_set, protocol=protocol))
    assert [first.stem, second.stem, third.stem] == ['a', 'b', 'c']
    sources = read(test_set / 'vi' / 'a.bmp'), read(test_set / 'ir' / 'a.png')
    mask = np.zeros((48, 64), dtype=bool)
    mask[6:30, 5:25] = True
    for region, inside in (('whole', None), ('foreground', mask), ('background', ~mask)):
        for method in ('average', 'brighter'):
            expected = fusion_metrics(*sources, read(test_set / method / 'a.png'), protocol, inside)
            assert first.values[region][method] == pytest.approx(expected, abs=1e-9)


def test_no_boxes_no_foreground(test_set):
    second = score_images(tasks(test_set))[1]
    assert list(second.values) == ['whole', 'background'] and second.problem is None
    assert second.values['whole'] == second.values['background']


def test_workers_change_nothing(test_set):
    seen = []
    alone = score_images(tasks(test_set, ['whole']))
    pooled = score_images(
        tasks(test_set, ['whole']),
        workers=2,
        progress=lambda items, total: seen.append(total) or items,
    )
    assert pooled == alone and seen == [3]


def damage(path, how):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if how == 'truncated':
        path.write_bytes(path.read_bytes()[:-60])
    elif how == 'text':
        path.write_text('no image')
    else:
        change = dict(
            size=lambda: image[:-1],
            bits=lambda: image.astype(np.uint16) * 257,
            small=lambda: image[:40, :40],
        )[how]
        cv2.imwrite(str(path), change())


@pytest.mark.parametrize(
    'how, says',
    [('truncated', 'truncated'), ('text', 'a.png'), ('size', 'fused'), ('bits', 'uint16')],
)
def test_broken_files_are_reported(test_set, how, says):
    damage(test_set / 'average' / 'a.png', how)
    first, *others = score_images(tasks(test_set))
    assert says in first.problem and first.values == {}
    assert all(other.problem is None for other in others)


def test_sources_of_different_size_and_small_images(test_set):
    damage(test_set / 'ir' / 'a.png', 'size')
    for folder, name in (
        ('ir', 'b.png'),
        ('vi', 'b.bmp'),
        ('average', 'b.png'),
        ('brighter', 'b.png'),
    ):
        damage(test_set / folder / name, 'small')
    first, second, _ = score_images(tasks(test_set, ['whole']))
    assert '(1, 47, 64)' in first.problem and '(1, 48, 64)' in first.problem
    assert 'at least 41 x 41' in second.problem
