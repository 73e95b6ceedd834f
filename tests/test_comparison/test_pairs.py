"""Which images are scored, and that nothing is left out in silence."""

import json
import shutil

import pytest

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import find_evaluation_set
from moefusion.files import Naming


def find(folder, **options):
    fused = {name: folder / name for name in ('average', 'brighter')}
    return find_evaluation_set(folder / 'vi', folder / 'ir', fused, **options)


def test_pairs_by_stem_whatever_the_extension(test_set):
    images = find(test_set, annotations=test_set / 'voc')
    assert images.stems == ['a', 'b', 'c'] and images.left_out == {}
    assert images.visible['a'].name == 'a.bmp' and images.infrared['a'].name == 'a.png'
    assert list(images.fused) == ['average', 'brighter'] and list(images.annotations) == list('abc')


def test_what_one_folder_lacks_is_left_out_for_all(test_set):
    (test_set / 'brighter' / 'b.png').unlink()
    (test_set / 'ir' / 'c.png').unlink()
    images = find(test_set)
    assert images.stems == ['a']
    assert images.left_out == dict(b='missing in fused brighter', c='missing in infrared')
    assert list(images.fused['average']) == ['a']


def test_sources_may_hold_more_than_the_test_set(test_set):
    for name in ('ir', 'vi'):
        shutil.copy(test_set / 'ir' / 'a.png', test_set / name / 'train.png')
    images = find(test_set)
    assert images.stems == ['a', 'b', 'c'] and images.left_out == {}
    assert images.extra['infrared'] == images.extra['visible'] == ['train']
    assert images.extra['fused average'] == []


def test_a_list_says_what_must_be_there(test_set):
    images = find(test_set, names=['a', 'z'])
    assert images.stems == ['a'] and images.extra['fused average'] == ['b', 'c']
    assert images.left_out['z'] == 'missing in visible, infrared, fused average, fused brighter'


def test_two_files_of_one_stem(test_set):
    shutil.copy(test_set / 'ir' / 'a.png', test_set / 'average' / 'a.bmp')
    images = find(test_set)
    assert images.stems == ['b', 'c']
    assert images.left_out['a'] == 'fused average: both a.bmp and a.png'


def test_ends_are_stripped(test_set):
    for stem in 'abc':
        (test_set / 'vi' / f'{stem}.bmp').rename(test_set / 'vi' / f'{stem}_RGB.bmp')
    assert find(test_set, strip=['_RGB']).stems == ['a', 'b', 'c']


def test_hidden_files_are_no_images(test_set):
    (test_set / 'average' / '.a.png.1.tmp').write_text('')
    (test_set / 'average' / '._b.png').write_text('')
    assert find(test_set).left_out == {}


def test_annotations_are_needed_for_each(test_set):
    (test_set / 'voc' / 'a.xml').unlink()
    images = find(test_set, annotations=test_set / 'voc')
    assert images.stems == ['b', 'c'] and images.left_out == dict(a='no annotation')


def test_nothing_to_score(test_set):
    with pytest.raises(EvaluationError, match='no such folder'):
        find_evaluation_set(test_set / 'vi', test_set / 'ir', dict(x=test_set / 'nowhere'))
    with pytest.raises(EvaluationError, match='nowhere: there is no such folder'):
        find_evaluation_set(test_set / 'vi', test_set / 'nowhere', dict(x=test_set / 'average'))
    with pytest.raises(EvaluationError, match='no image in this folder'):
        find_evaluation_set(test_set / 'vi', test_set / 'ir', dict(x=test_set / 'voc'))
    for stem in 'abc':
        (test_set / 'average' / f'{stem}.png').rename(test_set / 'average' / f'{stem}_out.png')
    with pytest.raises(EvaluationError, match='such as .*a_out'):
        find(test_set)


def test_leaving_out_later(test_set):
    images = find(test_set, annotations=test_set / 'voc')
    images.leave_out(dict(b='broken'))
    assert images.stems == ['a', 'c'] and list(images.annotations) == ['a', 'c']
    assert images.left_out == dict(b='broken')
    with pytest.raises(EvaluationError, match='no image is left'):
        images.leave_out(dict(a='broken', c='broken'))


def test_dropped_boxes_are_said_and_equal_files_left_out(test_set):
    path = test_set / 'boxes.json'
    content = json.loads(path.read_text())
    content['annotations'][0]['category_id'] = 99
    content['annotations'][1]['bbox'] = [100, 100, 5, 5]
    path.write_text(json.dumps(content))
    (test_set / 'ir' / 'b.png').unlink()
    (test_set / 'ir' / 'b.png').symlink_to(test_set / 'vi' / 'b.bmp')
    images = find(test_set, annotations=path)
    assert images.left_out == dict(b='visible and infrared image are one file')
    assert [line.split(':')[0] for line in images.notes][:2] == [
        '1 x annotation of no category (category_id), dropped',
        '1 x box outside the image, dropped',
    ]
    assert sum(len(found.names) for found in images.annotations.values()) == 1


def test_ends_of_the_sides_in_one_folder(test_set):
    one = test_set / 'one'
    one.mkdir()
    for stem in 'abc':
        (test_set / 'vi' / f'{stem}.bmp').rename(one / f'{stem}_RGB.bmp')
        (test_set / 'ir' / f'{stem}.png').rename(one / f'{stem}_IR.png')
    fused = dict(average=test_set / 'average')
    images = find_evaluation_set(one, one, fused, naming=Naming('_RGB', '_IR'))
    assert images.stems == ['a', 'b', 'c'] and images.visible['a'].name == 'a_RGB.bmp'
    named = find_evaluation_set(one, one, fused, names=['a_IR.png'], naming=Naming('_RGB', '_IR'))
    assert named.stems == ['a'] and named.infrared['a'].name == 'a_IR.png'


def test_a_damaged_image_that_says_the_size_of_boxes_is_left_out_alone(test_set):
    for name in 'abc':
        (test_set / 'voc' / f'{name}.xml').write_text('<annotation></annotation>')
    (test_set / 'vi' / 'b.bmp').write_bytes(b'')
    images = find(test_set, annotations=test_set / 'voc')
    assert images.stems == ['a', 'c'] and 'b.bmp: not a readable image' in images.left_out['b']
