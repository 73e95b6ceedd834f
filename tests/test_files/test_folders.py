"""One listing of a folder for readers, fuse.py and evaluate.py."""

import pytest

from moefusion.files import list_folder, to_id
from moefusion.files.folders import match_ids, without_end


def test_hidden_files_folders_and_other_ends_are_left_out(tmp_path):
    for name in ('b.PNG', 'a.jpg', 'a.png', '.c.png', 'd.txt', 'x.y_RGB.bmp'):
        (tmp_path / name).touch()
    (tmp_path / 'e.png').mkdir()
    assert list_folder(tmp_path, strip=['_RGB']) == {
        'a': [tmp_path / 'a.jpg', tmp_path / 'a.png'],
        'b': [tmp_path / 'b.PNG'],
        'x.y': [tmp_path / 'x.y_RGB.bmp'],
    }


def test_folders_inside_are_part_of_the_id_and_a_link_to_itself_ends(tmp_path):
    for folder in ('one', 'two', '.hidden'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'a.png').touch()
    (tmp_path / 'two' / 'loop').symlink_to(tmp_path)
    assert list_folder(tmp_path) == {}
    assert list(list_folder(tmp_path, recursive=True)) == ['one/a', 'two/a']


@pytest.mark.parametrize(
    ('stem', 'end', 'bare'),
    [
        ('a_RGB', '_RGB', 'a'),
        ('a', '', 'a'),
        ('a', '_RGB', None),
        ('s/_RGB', '_RGB', None),
        ('set00/visible/a', 'visible/', 'set00/a'),
        ('visible/a', 'visible/', 'a'),
        ('invisible/a', 'visible/', None),
        ('visible', 'visible/', None),
    ],
)
def test_ends_of_a_name_or_folders_on_the_way(stem, end, bare):
    assert without_end(stem, end) == bare


@pytest.mark.parametrize(
    'name', ['s/a', 's/a.PNG', './s/a.jpg', 's\\a.tif', 's/a_RGB.png', 's/a_RGB', 's/a.xml']
)
def test_a_line_may_have_extension_end_and_other_slashes(name):
    assert to_id(name, {'s/a', 'b'}, ('_RGB',)) == 's/a'


def test_what_is_known_as_it_is_comes_first():
    assert to_id('a.png', {'a.png', 'a'}) == 'a.png'
    assert to_id('a.1', {'a.1'}) == 'a.1'
    assert to_id('x_RGB.png', {'a'}, ('_RGB',)) == 'x'


def test_names_of_annotations_may_lack_or_have_a_folder():
    assert match_ids(['010001', '190001'], {'train/010001', 'test/190001'}) == {
        'train/010001': ['010001'],
        'test/190001': ['190001'],
    }
    assert match_ids(['Vis/a.png', 'b_RGB.png'], {'a', 'b'}, ['_RGB']) == {
        'a': ['Vis/a.png'],
        'b': ['b_RGB.png'],
    }
    # another folder is another image, and two that fit are none
    assert match_ids(['test/1'], {'train/1'}) == {'test/1': ['test/1']}
    assert match_ids(['1'], {'train/1', 'test/1'}) == {'1': ['1']}
    assert match_ids(['x/1.png', 'y/1.png'], {'1'}) == {'1': ['x/1.png', 'y/1.png']}


def test_accents_are_the_same_in_either_spelling(tmp_path):
    """macOS writes a letter and its accent apart, lists and other systems as one."""
    (tmp_path / 'Stra\u00dfe_u\u0308ber.png').touch()
    assert list(list_folder(tmp_path)) == ['Stra\u00dfe_\u00fcber']
    assert to_id('Stra\u00dfe_u\u0308ber.png', list_folder(tmp_path)) == 'Stra\u00dfe_\u00fcber'
