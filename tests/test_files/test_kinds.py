"""Sets whose infrared images are of several kinds: told by their headers, refused with a range."""

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import PairError, choose_range, find_range
from moefusion.files.errors import first_of
from moefusion.files.kinds import EIGHT, FLOATS, MORE, kind_of, mixture, read_kind
from moefusion.files.reading import read_values

RAW = (27000 + 15 * np.arange(400).reshape(20, 20)).astype(np.uint16)
LOW = (np.arange(400).reshape(20, 20) // 2).astype(np.uint8)
FILES = {
    '8.png': (LOW, EIGHT),
    '8.jpg': (LOW, EIGHT),
    '8.bmp': (LOW, EIGHT),
    '8.webp': (LOW, EIGHT),
    '8.pgm': (LOW, EIGHT),
    '8.tif': (LOW, EIGHT),
    '8c.png': (np.dstack([LOW] * 3), EIGHT),
    '16.png': (RAW, MORE),
    '16c.png': (np.dstack([RAW] * 3), MORE),
    '16.pgm': (RAW, MORE),
    '16.tif': (RAW, MORE),
    '16c.tif': (np.dstack([RAW] * 3), MORE),
    'signed.tif': (RAW.astype(np.int16), MORE),
    'signed8.tif': ((LOW - 100.0).astype(np.int8), MORE),
    '32.tif': (RAW.astype(np.int32), MORE),
    'float.tif': (RAW.astype(np.float32), FLOATS),
    'double.tif': (RAW.astype(np.float64), FLOATS),
}


def save(path, image):
    assert cv2.imwrite(str(path), image)
    return path


@pytest.mark.parametrize('name', FILES)
def test_the_header_says_what_decoding_gives(tmp_path, name):
    image, kind = FILES[name]
    path = save(tmp_path / name, image)
    assert read_kind(path) == kind == kind_of(read_values(path).dtype)


def test_palettes_single_bits_and_what_cannot_be_read(tmp_path):
    Image.fromarray(LOW).convert('P').save(tmp_path / 'p.png')
    Image.fromarray(LOW > 90).save(tmp_path / 'b.png')
    Image.fromarray(LOW > 90).save(tmp_path / 'b.tif')
    assert {read_kind(tmp_path / name) for name in ('p.png', 'b.png', 'b.tif')} == {EIGHT}
    (tmp_path / 'x.png').write_bytes(b'x')
    assert read_kind(tmp_path / 'x.png') is read_kind(tmp_path / 'none.png') is None


def test_a_radiometric_jpeg_has_degrees(tmp_path):
    path = save(tmp_path / 'i.jpg', LOW)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b'\xff\xe1\x00\x0aFLIR\0\1\0\0' + data[2:])
    assert read_kind(path) == FLOATS and read_kind(path, celsius=False) == EIGHT


def test_the_message_counts_and_names():
    kinds = dict.fromkeys('abcdef', MORE) | dict.fromkeys('vwxyz', EIGHT) | {'t': FLOATS, 'u': None}
    text = mixture(kinds)
    assert '1 of floats or degrees Celsius (t); 5 of 8 bits (v, w, x, ...); 6 of more' in text
    assert '5 of 8 bits (v, w, x, y, z); 6 of more than 8 bits (a, b, c, ...)' in mixture(
        kinds, None
    )
    assert mixture(dict(a=EIGHT, b=EIGHT, c=None)) is mixture({}) is None


@pytest.mark.parametrize('other', ['8.png', '8.jpg', 'float.tif'])
@pytest.mark.parametrize('wanted', [('auto',), ('27000', '33000'), ('kept.json',)])
def test_a_range_is_for_images_of_one_kind(tmp_path, other, wanted):
    paths = [save(tmp_path / f'{n}.png', RAW) for n in 'ab']
    paths.insert(1, save(tmp_path / other, FILES[other][0]))
    if wanted == ('kept.json',):
        wanted = [str(tmp_path / 'kept.json')]
        (tmp_path / 'kept.json').write_text('{"infrared_range": [27000, 33000]}')
    count = r'1 of .*\(.*' + other + r'\); 2 of more than 8 bits \(.*a\.png, .*b\.png\)'
    with pytest.raises(PairError, match=count):
        choose_range(wanted, paths, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
    with pytest.raises(PairError, match=count):
        find_range(paths)


def test_a_range_that_maps_nothing_is_said(tmp_path, capsys):
    path = save(tmp_path / 'a.png', LOW)
    assert choose_range(['0', '100'], [path, tmp_path / 'gone.png'], tmp_path) == (0.0, 100.0)
    assert 'all images have 8 bits, none is mapped' in capsys.readouterr().out
    assert choose_range(['auto'], [path], tmp_path) is None
    assert 'all images have 8 bits, none is mapped' in capsys.readouterr().out


def test_dots_stand_for_names_that_are_left_out():
    names = ['a', 'b', 'c']
    assert first_of(names, 2) == 'a, b, ...'
    assert first_of(names, 3) == first_of(names, None) == 'a, b, c'
