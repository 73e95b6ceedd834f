"""COCO files: every annotation is read, dropped and counted, or the file is refused by name."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moefusion.files import AnnotationError, Findings, read_annotations, read_coco

GOOD = dict(
    images=[dict(id=1, file_name='a.png', width=40, height=30)],
    annotations=[dict(id=5, image_id=1, category_id=3, bbox=[1, 2, 9, 8], area=72, iscrowd=0)],
    categories=[dict(id=3, name='car'), dict(id=2, name='person')],
)


def read(folder, change, **options):
    data = copy.deepcopy(GOOD)
    path = folder / 'a.json'
    path.write_text(json.dumps(change(data) or data))
    findings = Findings()
    return read_coco(path, findings, **options), findings


def setting(key, value, table='annotations'):
    """A change of one key of the first entry of a table."""
    return lambda data: data[table][0].update({key: value})


def test_as_it_should_be(tmp_path):
    found, findings = read(tmp_path, lambda data: None)
    (image,) = found.images
    assert (image.id, image.file_name, image.annotation.size) == (1, 'a.png', (40, 30))
    assert image.annotation.boxes.tolist() == [[1, 2, 10, 10]]
    assert found.categories == ['car', 'person'] and not findings.all_lines()


@pytest.mark.parametrize(
    ('change', 'kind'),
    [
        (setting('area', 0), 'without area'),
        (setting('area', -3), 'without area'),
        (setting('area', '72'), 'no such value'),
        (setting('category_id', '3'), 'of no category'),
        (setting('category_id', 99), 'of no category'),
        (setting('category_id', [3]), 'of no category'),
        (setting('image_id', '1'), 'of no image'),
        (setting('image_id', None), 'of no image'),
        (setting('image_id', True), 'of no image'),
        (setting('bbox', [1, 2, 9]), 'no such value'),
        (setting('bbox', [1, 2, 9, float('nan')]), 'no such value'),
        (setting('bbox', [1, 2, 9, '8']), 'no such value'),
        (setting('bbox', [1, 2, 9, 10**400]), 'no such value'),
        (setting('bbox', {}), 'no such value'),
        (setting('iscrowd', 'maybe'), 'no such value'),
        (setting('ignore', 1), 'marked ignore'),
    ],
)
def test_what_cannot_be_read_of_an_annotation_drops_it_and_is_counted(tmp_path, change, kind):
    found, findings = read(tmp_path, change)
    assert found.images[0].annotation.names == []
    (line,) = findings.all_lines()
    assert line.startswith('1 x ') and kind in line and 'annotation 5' in line


@pytest.mark.parametrize(('flag', 'crowd'), [(1, True), (True, True), ('1', True), ('0', False)])
def test_flags_as_people_write_them(tmp_path, flag, crowd):
    found, findings = read(tmp_path, setting('iscrowd', flag))
    assert found.images[0].annotation.ignored == [crowd]
    assert [line[:14] for line in findings.all_lines()] == ["1 x iscrowd '0'"[:14]] * (flag == '0')


def test_area_and_flags_may_be_missing(tmp_path):
    found, findings = read(
        tmp_path, lambda data: [data['annotations'][0].pop(key) for key in ('area', 'iscrowd')] * 0
    )
    assert len(found.images[0].annotation.names) == 1 and not findings.defects
    (line,) = findings.all_lines()
    assert "without the key area, which pycocotools' mAP needs" in line


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda data: [1], 'images is not a list'),
        (lambda data: dict(data, annotations={}), 'annotations is not a list'),
        (lambda data: data.pop('categories') and None, "no key 'categories'"),
        (setting('id', None), r'annotations\[0\] has no id'),
        (setting('id', True, 'images'), r'images\[0\] has no id'),
        (lambda data: data['images'].append([]), r'images\[1\] has no id'),
        (lambda data: data['annotations'].append(data['annotations'][0]), 'id 5 twice'),
        (
            lambda data: data['images'].append(dict(id=2, file_name='a.png')),
            "'a.png' is there twice",
        ),
        (lambda data: data['categories'].append(dict(id=9, name='car')), "'car' is there twice"),
        (setting('name', ' ', 'categories'), 'id 3: no name'),
        (setting('file_name', 7, 'images'), 'id 1: no file_name'),
        (setting('width', '40', 'images'), "id 1: width '40'"),
        (setting('width', 40.5, 'images'), 'are no pixels'),
        (setting('height', -30, 'images'), 'are no pixels'),
        (setting('height', float('inf'), 'images'), 'height inf'),
    ],
)
def test_what_cannot_be_read_of_images_and_categories_refuses_the_file(tmp_path, change, words):
    with pytest.raises(AnnotationError, match=rf'a\.json: not a COCO.*{words}'):
        read(tmp_path, change)


def test_a_key_given_twice_would_hide_the_first(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(GOOD)[:-1] + ', "annotations": []}')
    with pytest.raises(AnnotationError, match='a key twice'):
        read_coco(path)


@pytest.mark.parametrize('text', ['{', '[' * 100_000, '\ufeff', ''])
def test_broken_json(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(AnnotationError, match=r'a\.json: not a COCO'):
        read_coco(tmp_path / 'a.json')


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32'])
def test_any_encoding(tmp_path, encoding):
    (tmp_path / 'a.json').write_text(json.dumps(GOOD), encoding=encoding)
    assert len(read_coco(tmp_path / 'a.json').images) == 1


def test_images_alone(tmp_path):
    found, _ = read(tmp_path, lambda data: dict(images=data['images']), labelled=False)
    assert len(found.images) == 1 and found.categories == []


def test_equal_base_names_do_not_take_each_others_boxes(tmp_path):
    data = copy.deepcopy(GOOD)
    data['images'] = [dict(id=i, file_name=f'{folder}/a.png') for i, folder in enumerate('xy')]
    data['annotations'][0]['image_id'] = 1
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(data))
    found, problems = read_annotations(path, ['x/a', 'y/a'])
    assert [len(found[stem].names) for stem in ('x/a', 'y/a')] == [0, 1] and not problems
    found, problems = read_annotations(path, ['a'])
    assert not found and problems == {'a': 'annotations of x/a.png and y/a.png: which one is it?'}


value = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=3), st.just([])
)
ids = st.one_of(st.integers(0, 3), value)
entry = st.fixed_dictionaries(
    {},
    optional=dict(
        image_id=ids,
        category_id=ids,
        bbox=st.one_of(
            value, st.lists(st.one_of(st.integers(0, 30), value), min_size=3, max_size=5)
        ),
        area=st.one_of(st.integers(0, 9), value),
        iscrowd=st.one_of(st.integers(0, 1), value),
        ignore=st.one_of(st.integers(0, 1), value),
    ),
)


@given(st.lists(entry, max_size=6))
def test_read_and_dropped_is_what_was_put_in(tmp_path_factory, entries):
    """Fuzz: whatever annotations hold, none is lost without a word and nothing else is raised."""
    path = tmp_path_factory.mktemp('fuzz') / 'a.json'
    data = dict(GOOD, annotations=[dict(item, id=i) for i, item in enumerate(entries, 1)])
    path.write_text(json.dumps(data))
    findings = Findings()
    read_in = sum(len(image.annotation.names) for image in read_coco(path, findings).images)
    found = {**findings.defects, **findings.notes}
    dropped = sum(len(places) for kind, places in found.items() if 'pycocotools' not in kind)
    assert read_in + dropped == len(entries)


@given(
    st.recursive(
        value,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ['images', 'annotations', 'categories', 'id', 'name', 'file_name', 'width']
                ),
                inner,
            ),
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused_by_name(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('fuzz') / 'a.json'
    path.write_text(json.dumps(data))
    try:
        read_coco(path)
    except AnnotationError as error:
        assert str(path) in str(error)
