"""Writing files whole or not at all."""

import errno
import os
import resource

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import read_visible, write_file, write_image
from moefusion.files.writing import NOTE


def test_a_name_of_255_bytes_is_written(tmp_path, color):
    name = 'x' * 251 + '.png'
    write_image(tmp_path / name, color)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize('index', [slice(None), 0])
def test_written_images_come_back(tmp_path, color, index):
    image = color if index == slice(None) else np.ascontiguousarray(color[..., index])
    write_image(tmp_path / 'new' / 'f.png', image)
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / 'new' / 'f.png'), cv2.IMREAD_UNCHANGED), image
    )
    assert os.listdir(tmp_path / 'new') == ['f.png']


def test_a_write_that_fails_midway_leaves_the_old_file_and_no_other(tmp_path):
    """A limit on the file size stands in for a full disk: the system stops the write midway."""
    path = tmp_path / 'f.png'
    path.write_bytes(b'old')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=r'cannot write .*f\.png.*too large.*another') as caught:
            write_file(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['f.png']


@pytest.mark.parametrize('folder', ['file', 'file/inside'])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, folder):
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match=r'cannot write .*/f\.png: .*\. A file is where its folder'):
        write_file(tmp_path / folder / 'f.png', b'data')


def test_unknown_format_and_wrong_type(tmp_path, color):
    for name in ('f.xyz', 'f'):
        with pytest.raises(ValueError, match='cannot encode'):
            write_image(tmp_path / name, color)
    with pytest.raises(ValueError, match='float64'):
        write_image(tmp_path / 'f.png', color / 255)
    assert not os.listdir(tmp_path)


def test_a_note_in_a_png_changes_no_pixel(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    write_image(tmp_path / 'a.png', image, 'by 1 from 2')
    with Image.open(tmp_path / 'a.png') as read:
        assert read.info == {NOTE: 'by 1 from 2'}
        read.verify()  # the checksums of all chunks
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'a.png')), image)
    np.testing.assert_array_equal(read_visible(tmp_path / 'a.png'), image)
