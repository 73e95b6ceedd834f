"""Infrared images of 16 bits and floats: one range for the whole set, given or found."""

import json
import struct
import sys
import types

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import (
    PairError,
    check_range,
    choose_range,
    find_range,
    read_infrared,
    read_pair,
    read_visible,
    set_range,
    to_eight_bits,
    write_image,
)
from moefusion.files.reading import read_values


@pytest.fixture
def raw():
    """Counts of a thermal camera, 27 000 to 32 985."""
    return (27000 + 15 * np.arange(400).reshape(20, 20)).astype(np.uint16)


def save(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def test_the_map_by_hand():
    values = np.float32([-5, 0, 10, 25, 50, 100, 1000])
    assert to_eight_bits(values, (0.0, 100.0), 'x').tolist() == [0, 0, 26, 64, 128, 255, 255]
    assert to_eight_bits(np.uint16([0, 65535]), (0.0, 65535.0), 'x').tolist() == [0, 255]
    assert to_eight_bits(np.uint8([3, 200]), (0.0, 10.0), 'x').tolist() == [3, 200]
    with pytest.raises(PairError, match=r'^b\.tif: 2 values are not finite'):
        to_eight_bits(np.array([1.0, np.nan, np.inf]), (0.0, 1.0), 'b.tif')


@pytest.mark.parametrize('name', ['i.png', 'i.tif', 'i.tiff'])
def test_sixteen_bit_files(tmp_path, raw, name):
    path = save(tmp_path / name, raw)
    found = read_infrared(path, (27000, 30000))
    np.testing.assert_array_equal(found, np.round(np.clip((raw - 27000.0) / 3000, 0, 1) * 255))
    with pytest.raises(PairError, match=rf'{name}: uint16 values.*fixed range.*--infrared-range'):
        read_infrared(path)


@pytest.mark.parametrize('kind', [np.float32, np.float64, np.int16, np.int32])
def test_other_types_of_tiff(tmp_path, kind):
    celsius = np.linspace(-20, 60, 300).reshape(15, 20).astype(kind)
    found = read_infrared(save(tmp_path / 'i.tiff', celsius), (-10, 40))
    np.testing.assert_array_equal(
        found, np.round(np.clip((celsius.astype(float) + 10) / 50, 0, 1) * 255)
    )


def test_three_equal_channels_of_sixteen_bits(tmp_path, raw):
    path = save(tmp_path / 'i.png', np.dstack([raw] * 3))
    np.testing.assert_array_equal(
        read_infrared(path, (27000, 33000)), to_eight_bits(raw, (27000, 33000), '')
    )


def test_orientation_keeps_sixteen_bits(tmp_path, raw):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(raw).save(tmp_path / 'i.png', exif=exif)
    expected = np.rot90(to_eight_bits(raw, (27000, 33000), ''), -1)
    np.testing.assert_array_equal(read_infrared(tmp_path / 'i.png', (27000, 33000)), expected)


def test_the_visible_image_has_no_range(tmp_path, raw):
    visible, infrared = save(tmp_path / 'v.png', raw), save(tmp_path / 'i.png', raw)
    with pytest.raises(PairError, match=r'v\.png: uint16 values'):
        read_visible(visible)
    with pytest.raises(PairError, match=r'v\.png: uint16 values'):
        read_pair(visible, infrared, (0, 1))
    color = np.zeros((20, 20, 3), np.uint8)
    pair = read_pair(save(visible, color), infrared, (27000, 33000))
    assert pair.dtype == np.uint8 and pair[..., 3].max() == 254


@pytest.mark.parametrize('wrong', [(1,), (2, 1), (1, 1), (0, np.inf), 'ab', '19', 5, (1, 2, 3)])
def test_ranges_that_are_none(wrong):
    with pytest.raises(ValueError, match='two numbers, the smaller one first'):
        check_range(wrong)


def test_a_range_is_of_the_set_not_of_the_image(tmp_path):
    rng = np.random.default_rng(0)
    sets = [rng.normal(mean, 100, (50, 60)) for mean in (20000, 21000, 24000)]
    paths = [save(tmp_path / f'{n}.png', values.astype(np.uint16)) for n, values in enumerate(sets)]
    found = find_range([*paths, tmp_path / 'gone.png'])
    values = np.concatenate([values.astype(np.uint16).ravel() for values in sets])
    np.testing.assert_allclose(found, np.percentile(values, (0.1, 99.9)))
    means = [read_infrared(path, found).mean() for path in paths]
    assert means[0] < means[1] < means[2] and means[2] - means[0] > 150
    assert find_range([save(tmp_path / '8.png', np.zeros((4, 4), np.uint8))]) is None
    with pytest.raises(ValueError, match=r'takes a list of images, but .* is one path'):
        find_range(str(tmp_path))  # whose letters are no images
    with pytest.raises(PairError, match='hold the value 7 alone'):
        find_range([save(tmp_path / 'flat.png', np.full((4, 4), 7, np.uint16))])
    with pytest.raises(PairError, match='hold no finite value'):
        find_range([save(tmp_path / 'nan.tiff', np.full((4, 4), np.nan, np.float32))])


def test_auto_is_kept_and_used_again(tmp_path, raw, capsys):
    path = save(tmp_path / 'i.png', raw)
    first = choose_range(['auto'], [path], tmp_path / 'out')
    file = tmp_path / 'out' / 'infrared_range.json'
    assert json.loads(file.read_text())['infrared_range'] == list(first)
    assert f'kept in {file}' in capsys.readouterr().out
    save(path, raw + 5000)
    assert choose_range(['auto'], [path], tmp_path / 'out') == first
    assert choose_range([str(file)], [path], tmp_path / 'other') == first
    assert f'from {file}' in capsys.readouterr().out
    assert choose_range(['-20', '1e2'], [], tmp_path) == (-20.0, 100.0)
    assert choose_range(None, [path], tmp_path) is None
    file.write_text('{}')
    with pytest.raises(ValueError, match=r'infrared_range\.json: holds no infrared_range'):
        choose_range(['auto'], [path], tmp_path / 'out')
    with pytest.raises(ValueError, match="takes LOW HIGH.*'x'"):
        choose_range(['1', 'x'], [path], tmp_path)


def radiometric(path):
    """A JPEG with the mark of FLIR's segment, without data in it."""
    write_image(path, np.zeros((16, 16), np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[:2] + b'\xff\xe1\x00\x0aFLIR\0\1\0\0' + data[2:])
    return path


def test_radiometric_jpegs_need_the_extra(tmp_path, monkeypatch):
    path = radiometric(tmp_path / 'i.jpg')
    assert read_infrared(path).shape == (16, 16)  # the rendition
    monkeypatch.setitem(sys.modules, 'flyr', None)
    with pytest.raises(ImportError, match=r"i\.jpg.*pip install 'moefusion\[thermal\]'"):
        read_infrared(path, (0, 100))


def test_radiometric_jpegs_are_degrees_celsius(tmp_path, monkeypatch):
    path = radiometric(tmp_path / 'i.jpg')
    celsius = np.float64([[0, 10], [20, 50]])
    flyr = types.ModuleType('flyr')
    flyr.unpack = lambda stream: types.SimpleNamespace(celsius=celsius)
    monkeypatch.setitem(sys.modules, 'flyr', flyr)
    assert read_infrared(path, (0, 20)).tolist() == [[0, 128], [255, 255]]


def test_temperatures_follow_plancks_law(tmp_path):
    """A whole file by the layout of ExifTool's FLIR tags; no air, window or reflection between."""
    pytest.importorskip('flyr')
    raw = np.arange(12000, 12000 + 48 * 100, 100, dtype='<u2').reshape(6, 8)
    r1, b, f, offset, r2 = 17000.0, 1430.0, 1.0, -6000, 0.0125
    camera = bytearray(900)
    for place, value in {
        32: 1.0,
        40: 293.0,
        44: 293.0,
        48: 293.0,
        52: 1.0,
        88: r1,
        92: b,
        96: f,
    }.items():
        struct.pack_into('<f', camera, place, value)
    struct.pack_into('<if', camera, 776, offset, r2)
    image = struct.pack('<HHH', 2, 8, 6).ljust(32, b'\0') + raw.tobytes()
    starts = 128, 128 + len(image)
    entries = b''.join(
        struct.pack('>HHIIII', kind, 1, 100, 1, start, size).ljust(32, b'\0')
        for kind, start, size in ((1, starts[0], len(image)), (32, starts[1], len(camera)))
    )
    head = (b'FFF\0'.ljust(20, b'\0') + struct.pack('>III', 100, 64, 4)).ljust(64, b'\0')
    segment = b'FLIR\0\1\0\0' + head + entries + image + camera
    path = tmp_path / 'i.jpg'
    write_image(path, np.zeros((6, 8), np.uint8))
    data = path.read_bytes()
    marked = data[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + data[2:]
    path.write_bytes(marked)
    celsius = b / np.log(r1 / (r2 * (raw.astype(float) + offset)) + f) - 273.15
    np.testing.assert_allclose(read_values(path), celsius, atol=0.01)
    low, high = celsius.min(), celsius.max()
    expected = np.round((celsius - low) / (high - low) * 255)
    np.testing.assert_allclose(read_infrared(path, (low, high)), expected, atol=1)


def test_a_damaged_radiometric_jpeg_is_named(tmp_path):
    pytest.importorskip('flyr')
    with pytest.raises(PairError, match=r'i\.jpg: its temperatures cannot be read'):
        read_infrared(radiometric(tmp_path / 'i.jpg'), (0, 100))


@pytest.mark.parametrize('wrong', [(0, 100), (26000.5, 26999), (40000, 50000)])
def test_a_range_in_other_units_is_refused(tmp_path, raw, wrong):
    path = save(tmp_path / 'i.png', raw)
    with pytest.raises(
        PairError, match=r'i\.png: its values, 27000 to 32985, lie beyond the range'
    ):
        read_infrared(path, wrong)
    assert read_infrared(path, (0, 27000)).max() == 255  # one pixel is inside


def test_auto_opens_each_image_once(tmp_path, raw, monkeypatch):
    opened = []
    monkeypatch.setattr(set_range, 'read_values', lambda path: opened.append(path) or raw)
    monkeypatch.setattr(set_range, 'read_kinds', lambda paths: opened.extend(paths))
    assert choose_range(['auto'], ['a.png', 'b.png'], tmp_path)
    assert opened == ['a.png', 'b.png']


def test_a_kept_range_is_not_taken_for_another_data_set(tmp_path, raw):
    paths = []
    for folder in ('winter', 'winter/set01', 'summer'):
        (tmp_path / folder).mkdir()
        paths.append(save(tmp_path / folder / 'i.png', raw))
    found = choose_range(['auto'], paths[:2], tmp_path / 'out')
    file = tmp_path / 'out' / 'infrared_range.json'
    assert choose_range(['auto'], paths[1:2], tmp_path / 'out') == found  # a part of the set
    with pytest.raises(
        ValueError, match=r'winter, but .*summer/i\.png is another data set.*Choose'
    ):
        choose_range(['auto'], paths[1:], tmp_path / 'out')
    assert choose_range([str(file)], paths[1:], tmp_path / 'out') == found
    data = json.loads(file.read_text())
    del data['folder']  # of an earlier version
    file.write_text(json.dumps(data))
    assert choose_range(['auto'], paths[1:], tmp_path / 'out') == found
