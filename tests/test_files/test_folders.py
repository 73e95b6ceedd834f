"""One listing of a folder for readers, fuse.py and evaluate.py."""

import pytest

from moefusion.files import PairError, list_folder
from moefusion.files.folders import paths_by_stem


def test_hidden_files_folders_and_other_ends_are_left_out(tmp_path):
    for name in ('b.PNG', 'a.jpg', 'a.png', '.c.png', 'd.txt', 'x.y_RGB.bmp'):
        (tmp_path / name).touch()
    (tmp_path / 'e.png').mkdir()
    assert list_folder(tmp_path, strip=['_RGB']) == {
        'a': [tmp_path / 'a.jpg', tmp_path / 'a.png'],
        'b': [tmp_path / 'b.PNG'],
        'x.y': [tmp_path / 'x.y_RGB.bmp'],
    }
    with pytest.raises(PairError, match=r'a\.jpg and .*a\.png are of one pair'):
        paths_by_stem(tmp_path, ('.jpg', '.png'))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(PairError, match='cannot read the folder'):
        paths_by_stem(tmp_path / 'none', ('.png',))
