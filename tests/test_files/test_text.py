"""Lists as people save them: encodings, line ends, extensions, comments."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moefusion.files import PairError, read_lines, read_split, read_text


@pytest.mark.parametrize(
    'encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-32', 'utf-32-le']
)
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_encodings_and_line_ends(tmp_path, encoding, end):
    path = tmp_path / 'l.txt'
    path.write_bytes(end.join(['# night', '00001.png', '', '  街道 1 ']).encode(encoding))
    assert read_lines(path) == ['00001.png', '街道 1']


def test_names_that_are_not_utf_8_are_those_of_the_folder(tmp_path):
    name = '街道.png'.encode('gbk')
    with open(os.fsencode(tmp_path) + b'/' + name, 'wb'):
        pass
    (tmp_path / 'l.txt').write_bytes(name + b'\n')
    assert read_lines(tmp_path / 'l.txt') == [n for n in os.listdir(tmp_path) if n != 'l.txt']


@pytest.mark.parametrize('data', [b'', b'\n \r\n', b'# all of it\n', b'\xef\xbb\xbf'])
def test_an_empty_list_is_refused(tmp_path, data):
    (tmp_path / 'l.txt').write_bytes(data)
    with pytest.raises(PairError, match=r'l\.txt: no name in this list'):
        read_lines(tmp_path / 'l.txt')


@pytest.mark.parametrize(
    'data', [b'\xff\xfe0', b'abcd\0\0\0\0\0e', b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR']
)
def test_what_is_no_text_is_refused(tmp_path, data):
    (tmp_path / 'l.txt').write_bytes(data)
    with pytest.raises(PairError, match=r'l\.txt: not a text file'):
        read_text(tmp_path / 'l.txt')


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_lines(tmp_path / 'l.txt')
    with pytest.raises(PairError, match='--make-split'):
        read_split(tmp_path / 'l.txt')


@given(
    st.lists(st.text(st.characters(codec='utf-8', exclude_characters='\r\n\0'), max_size=8)),
    st.sampled_from(['utf-8', 'utf-8-sig', 'utf-16', 'utf-32']),
    st.sampled_from(['\n', '\r\n', '\r']),
)
def test_every_line_is_a_name_a_comment_or_empty(tmp_path_factory, lines, encoding, end):
    """Fuzz: what is read, and what is left out as empty or a comment, is what was put in."""
    path = tmp_path_factory.mktemp('fuzz') / 'l.txt'
    path.write_bytes(end.join(lines).encode(encoding))
    lines = [line.strip().lstrip('\ufeff').strip() for line in lines]  # no part of a name
    names = [line for line in lines if line and line[0] != '#']
    try:
        assert read_lines(path) == names
    except PairError as error:
        assert not names and 'l.txt' in str(error)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_by_name(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('fuzz') / 'l.txt'
    path.write_bytes(data)
    try:
        assert all(read_lines(path))
    except PairError as error:
        assert str(path) in str(error)


def test_a_byte_order_mark_inside_a_joined_list_is_no_part_of_a_name(tmp_path):
    (tmp_path / 'l.txt').write_bytes(2 * '00001\n# night\n00002\n'.encode('utf-8-sig'))
    assert read_lines(tmp_path / 'l.txt') == ['00001', '00002'] * 2
