"""Files of cues: each is read as it is written, or the file is refused with the reason."""

import copy
import json

import pytest

from moefusion.files import AnnotationError, read_cues

GOOD = dict(
    images=[dict(id=1, file_name='a.png'), dict(id=2, file_name='b.png')],
    categories=[dict(id=1, name='lamp')],
    annotations=[dict(id=4, image_id=1, category_id=1, bbox=[1, 2, 5, 6], source='visible')],
)


def read(folder, table=None, number=0, **change):
    data = copy.deepcopy(GOOD)
    if table:
        data[table][number].update(change)
    (folder / 'cues.json').write_text(json.dumps(data))
    return read_cues(folder / 'cues.json')


def test_as_it_should_be(tmp_path):
    cue = dict(source='visible', box=(1, 2, 5, 6), coloured=True, category='lamp')
    assert read(tmp_path) == dict(a=[cue])


@pytest.mark.parametrize(
    ('table', 'number', 'change', 'words'),
    [
        ('images', 1, dict(id=1), 'id 1 twice in images'),
        ('images', 1, dict(file_name='a.jpg'), 'two images of one name'),
        ('images', 1, dict(file_name='a.png'), "'a.png' is there twice"),
        ('annotations', 0, dict(bbox='1256'), "annotation 4: bbox '1' is not a number"),
        ('annotations', 0, dict(bbox=[True, 2, 5, 6]), 'bbox True is not a number'),
        ('annotations', 0, dict(bbox=[10**400, 2, 5, 6]), 'int too large'),
        ('annotations', 0, dict(bbox=[1, 2, 5, 0]), 'has no area'),
        ('annotations', 0, dict(image_id=9), 'no key or id 9'),
        ('annotations', 0, dict(source='Infrared'), "annotation 4: source 'Infrared'"),
    ],
)
def test_what_would_be_read_otherwise_is_refused(tmp_path, table, number, change, words):
    with pytest.raises(AnnotationError, match=rf'cues\.json: not a file of cues \(.*{words}'):
        read(tmp_path, table, number, **change)


def test_a_file_that_is_nested_without_end(tmp_path):
    (tmp_path / 'cues.json').write_text('[' * 100_000)
    with pytest.raises(AnnotationError, match='not a file of cues'):
        read_cues(tmp_path / 'cues.json')
