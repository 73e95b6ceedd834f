"""Damage inside JPEG and TIFF files, which decoders may pass over."""

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import PairError, read_infrared, read_visible


def painted(size=(160, 120)):
    """A picture of edges, as a JPEG's half is not one of noise."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    image = np.dstack([x, y * 2, (x + y) % 256]).astype(np.uint8)
    image[::7, ::5] = 255 - image[::7, ::5]
    return image


@pytest.mark.parametrize('share', [0.1, 0.5, 0.9])
@pytest.mark.parametrize('options', [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]])
def test_an_end_marker_after_a_part_of_the_data_does_not_hide_the_damage(tmp_path, share, options):
    data = cv2.imencode('.jpg', painted(), options)[1].tobytes()
    (tmp_path / 'v.jpg').write_bytes(data[: int(len(data) * share)] + b'\xff\xd9')
    for read in (read_visible, read_infrared):
        with pytest.raises(PairError, match=r'v\.jpg: the file is truncated or damaged.*Fetch'):
            read(tmp_path / 'v.jpg')


def test_a_marker_out_of_place_and_bytes_that_are_too_many_are_noticed(tmp_path):
    data = cv2.imencode('.jpg', painted(), [cv2.IMWRITE_JPEG_RST_INTERVAL, 4])[1].tobytes()
    marker = data.index(b'\xff\xd3')
    for name, damaged in (
        ('a.jpg', data[:marker] + b'\xff\xd6' + data[marker + 2 :]),
        ('b.jpg', data[:-2] + bytes(range(1, 60)) + data[-2:]),
    ):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(PairError, match=rf'{name}: the file is truncated or damaged'):
            read_visible(tmp_path / name)


@pytest.mark.parametrize('codec', ['tiff_lzw', 'tiff_adobe_deflate'])
def test_damage_in_a_compressed_tiff_is_noticed(tmp_path, codec):
    path = tmp_path / 'v.tif'
    Image.fromarray(painted()).save(path, compression=codec)
    data = bytearray(path.read_bytes())
    data[60:90] = b'\xff' * 30
    path.write_bytes(data)
    with pytest.raises(PairError, match=r'v\.tif'):
        read_visible(path)


@pytest.mark.parametrize('mode', ['L', 'RGB', 'YCbCr', 'CMYK', 'LA'])
def test_a_whole_jpeg_in_a_tiff_is_read(tmp_path, mode):
    path = tmp_path / 'v.tif'
    Image.fromarray(painted()).convert(mode).save(path, compression='jpeg')
    expected = cv2.imread(str(path))
    np.testing.assert_array_equal(read_visible(path), expected)


@pytest.mark.parametrize('mode', ['L', 'RGB', 'YCbCr'])
@pytest.mark.parametrize('strip', [0, -1])
def test_damage_of_a_jpeg_in_a_tiff_is_noticed(tmp_path, mode, strip):
    """An end before its time, data that stops, bytes that do not belong, a start that is gone."""
    path = tmp_path / 'v.tif'
    Image.fromarray(painted((320, 240))).convert(mode).save(path, compression='jpeg')
    with Image.open(path) as image:
        start, length = (image.tag_v2[tag][strip] for tag in (273, 279))
        assert len(image.tag_v2[273]) > 1
    whole, middle, end = path.read_bytes(), start + length // 2, start + length
    for damaged in (
        whole[:middle] + b'\xff\xd9' + whole[middle + 2 :],
        whole[:middle] + bytes(end - middle) + whole[end:],
        whole[:middle] + b'\xff' * 30 + whole[middle + 30 :],
        whole[:start] + bytes(20) + whole[start + 20 :],
    ):
        path.write_bytes(damaged)
        for read in (read_visible, read_infrared):
            with pytest.raises(PairError, match=r'v\.tif: the file is truncated or damaged'):
                read(path)
