"""What only headers tell: scans that lack, several pictures, a late orientation, packed bits."""

import contextlib
import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import PairError, read_infrared, read_orientation, read_size, read_visible
from moefusion.files.decoding import decode
from moefusion.files.headers import lacks_scans


@pytest.fixture
def picture():
    y, x = np.mgrid[:96, :128]
    return Image.fromarray(np.dstack([x * 2, y * 2, (x + y) % 256]).astype(np.uint8))


def encoded(picture, kind='JPEG', **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize('subsampling', [0, 2])
def test_a_progressive_jpeg_that_ends_after_a_few_scans_is_damaged(tmp_path, picture, subsampling):
    whole = encoded(picture, progressive=True, subsampling=subsampling)
    scans = [place for place in range(len(whole)) if whole[place : place + 2] == b'\xff\xda']
    assert not lacks_scans(whole) and len(scans) > 5
    for place in scans[1:]:
        (tmp_path / 'a.jpg').write_bytes(whole[:place] + b'\xff\xd9')
        with pytest.raises(PairError, match=r'a\.jpg.*progressive JPEG without its last scans'):
            read_visible(tmp_path / 'a.jpg')


@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
@pytest.mark.parametrize('progressive', [False, True])
def test_whole_jpegs_lack_nothing(picture, mode, progressive):
    image = picture.convert(mode)
    assert not lacks_scans(encoded(image, progressive=progressive, restart_marker_blocks=2))
    assert not lacks_scans(encoded(image, progressive=progressive) + b'\xff\xc2' * 9)


@pytest.mark.parametrize(
    ('name', 'kind'), [('a.tif', 'TIFF'), ('a.png', 'PNG'), ('a.webp', 'WEBP')]
)
def test_a_file_of_several_pictures_is_refused(tmp_path, picture, name, kind):
    others = [picture.rotate(180)]
    (tmp_path / name).write_bytes(encoded(picture, kind, save_all=True, append_images=others))
    with pytest.raises(PairError, match=rf'{name}: 2 pictures in one file\. Save the one'):
        read_visible(tmp_path / name)


def test_the_preview_behind_a_phones_jpeg_is_no_second_picture(tmp_path, picture):
    (tmp_path / 'a.jpg').write_bytes(
        encoded(picture, 'MPO', save_all=True, append_images=[picture.rotate(180)])
    )
    (tmp_path / 'b.jpg').write_bytes(encoded(picture))
    np.testing.assert_array_equal(
        read_visible(tmp_path / 'a.jpg'), read_visible(tmp_path / 'b.jpg')
    )


def test_an_orientation_behind_the_pixels_of_a_png_counts(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture, 'PNG', exif=exif)
    start = data.index(b'eXIf') - 4
    end = start + 12 + struct.unpack('>I', data[start : start + 4])[0]
    last = data.index(b'IEND') - 4
    path = tmp_path / 'a.png'
    path.write_bytes(data[:start] + data[end:last] + data[start:end] + data[last:])
    assert read_visible(path).shape[1::-1] == read_size(path) == (96, 128)
    assert read_orientation(path) == 6


def test_an_orientation_behind_xmp_does_not_count(tmp_path, picture):
    """OpenCV, and so MMDetection, looks into the first APP1 segment alone."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data, path = encoded(picture, exif=exif), tmp_path / 'a.jpg'
    path.write_bytes(data)
    assert read_visible(path).shape[1::-1] == read_size(path) == (96, 128)
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x/>'
    segment = b'\xff\xe1' + struct.pack('>H', len(xmp) + 2) + xmp
    path.write_bytes(data[:2] + segment + data[2:])
    assert read_visible(path).shape[1::-1] == read_size(path) == (128, 96)
    assert read_orientation(path) == 1


def test_types_that_pillow_does_not_know_have_a_size(tmp_path):
    path = tmp_path / 'a.tif'
    assert cv2.imwrite(str(path), np.arange(12.0).reshape(3, 4))  # float64
    assert read_size(path) == (4, 3) and read_orientation(path) == 1


def tiff(bits, data, width, height, samples=1, big=False, color=1, apart=1, extra=None):
    """A TIFF, or BigTIFF, without compression: one strip, or one for each channel that is apart."""
    start, strips = 400, samples if apart == 2 else 1
    lengths = [len(data) // strips] * strips
    starts = [start + i * lengths[0] for i in range(strips)]
    tags = {256: [width], 257: [height], 258: [bits] * samples, 259: [1], 262: [color]}
    tags |= {273: starts, 277: [samples], 278: [height], 279: lengths, 284: [apart]}
    tags |= {} if extra is None else {338: [extra]}
    word, counter, head = ('Q', 'Q', 16) if big else ('I', 'H', 8)
    size, body, behind = struct.calcsize(f'={word}'), b'', b''
    place = head + struct.calcsize(f'<{counter}') + len(tags) * (4 + 2 * size) + size
    for tag, values in tags.items():
        packed = struct.pack(f'<{len(values)}H', *values)
        if len(packed) > size:
            behind, packed = behind + packed, struct.pack(f'<{word}', place + len(behind))
        body += struct.pack(f'<HH{word}', tag, 3, len(values)) + packed.ljust(size, b'\0')
    first = struct.pack('<HHQ', 8, 0, 16) if big else struct.pack('<I', 8)
    first = b'II' + struct.pack('<H', 43 if big else 42) + first
    body = first + struct.pack(f'<{counter}', len(tags)) + body + bytes(size) + behind
    return body.ljust(start, b'\0') + data


@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize('bits', [10, 12, 14])
def test_packed_bits_keep_their_values(tmp_path, bits, big):
    values = (np.arange(24).reshape(3, 8) * 37) % (1 << bits)
    rows = [''.join(f'{value:0{bits}b}' for value in row) for row in values]
    data = b''.join(int(row, 2).to_bytes(bits, 'big') for row in rows)  # eight values a row
    (tmp_path / 'a.tif').write_bytes(tiff(bits, data, 8, 3, big=big))
    np.testing.assert_array_equal(decode(tmp_path / 'a.tif'), values)


def test_sixteen_bits_that_opencv_cuts_are_refused(tmp_path):
    values = np.full((3, 8, 2), 27000, '<u2')
    (tmp_path / 'a.tif').write_bytes(tiff(16, values.tobytes(), 8, 3, samples=2, extra=2))
    with pytest.raises(PairError, match=r'a\.tif: OpenCV keeps 8 of its 16 bits'):
        read_infrared(tmp_path / 'a.tif', (27000, 33000))


@pytest.mark.parametrize('big', [False, True])
def test_damaged_tiff_headers_raise_nothing_else(tmp_path, big):
    whole, rng = tiff(8, bytes(24), 8, 3, big=big), np.random.default_rng(0)
    path = tmp_path / 'a.tif'
    for number in range(60):
        data = bytearray(whole[: len(whole) if number % 2 else rng.integers(2, 200)])
        for place in rng.integers(4, min(len(data), 200) + 4, 3):
            data[place : place + 8] = bytes([255] * 8 if number % 3 else rng.bytes(8))
        path.write_bytes(data)
        with contextlib.suppress(PairError):
            decode(path)


COLORS = (np.arange(72).reshape(3, 8, 3) * 3).astype(np.uint8)


def test_channels_apart_are_refused_where_opencv_mixes_them_up(tmp_path):
    path = tmp_path / 'a.tif'
    apart = np.moveaxis(COLORS, 2, 0)
    path.write_bytes(tiff(8, apart.tobytes(), 8, 3, samples=3, color=2, apart=2))
    np.testing.assert_array_equal(read_visible(path)[..., ::-1], COLORS)
    deep = apart.astype('<u2') * 200
    path.write_bytes(tiff(16, deep.tobytes(), 8, 3, samples=3, color=2, apart=2))
    with pytest.raises(PairError, match=r'a\.tif: its channels lie apart .*side by side'):
        read_infrared(path, (0, 60000))


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('channels', [2, 3, 4])
def test_channels_that_opencv_leaves_out_are_refused(tmp_path, bits, channels):
    values = np.resize(COLORS, (3, 8, channels)).astype(f'<u{bits // 8}')
    path = tmp_path / 'a.tif'
    path.write_bytes(tiff(bits, values.tobytes(), 8, 3, samples=channels, extra=0))
    for read in (read_visible, lambda file: read_infrared(file, (0, 255))):
        with pytest.raises(PairError, match=rf'a\.tif: of its {channels} channels .* the first'):
            read(path)


def test_gray_with_alpha_in_a_tiff(tmp_path):
    values = np.dstack([COLORS[..., 0], np.full((3, 8), 255, np.uint8)])
    path = tmp_path / 'a.tif'
    path.write_bytes(tiff(8, values.tobytes(), 8, 3, samples=2, extra=2))
    np.testing.assert_array_equal(read_infrared(path), COLORS[..., 0])
    values[1, 2, 1] = 128
    path.write_bytes(tiff(8, values.tobytes(), 8, 3, samples=2, extra=2))
    with pytest.raises(PairError, match=r'a\.tif: an alpha channel with transparent pixels'):
        read_infrared(path)


@pytest.mark.parametrize('white', [1, 100, 254])
@pytest.mark.parametrize('head', ['P5 {}', 'P5\n# of a camera\n{}', 'P2\n{}'])
def test_a_pgm_that_opencv_would_read_too_dark_is_refused(tmp_path, white, head):
    values = np.arange(48) % (white + 1)
    body = values.astype(np.uint8).tobytes() if 'P5' in head else ' '.join(map(str, values))
    text = head.format(f'8 6\n{white}\n').encode()
    (tmp_path / 'i.pgm').write_bytes(text + (body if isinstance(body, bytes) else body.encode()))
    with pytest.raises(PairError, match=rf'i\.pgm: {white} is its white, .*Save it as PNG'):
        read_infrared(tmp_path / 'i.pgm')


@pytest.mark.parametrize('white', [255, 1023, 65535])
def test_other_pgms_are_read(tmp_path, white):
    values = np.linspace(0, white, 48).round().reshape(6, 8)
    kind = 'u1' if white == 255 else '>u2'
    head = f'P5 8 6 {white}\n'.encode()
    (tmp_path / 'i.pgm').write_bytes(head + values.astype(kind).tobytes())
    found = read_infrared(tmp_path / 'i.pgm', None if white == 255 else (0, white))
    np.testing.assert_array_equal(found, np.round(values / white * 255))


def test_a_tiff_whose_zero_is_white(tmp_path):
    values = (np.arange(48).reshape(6, 8) * 5).astype(np.uint8)
    for name, image in (('8', 255 - values), ('16', values.astype(np.uint16))):
        Image.fromarray(image).save(tmp_path / f'{name}.tif')
        data = bytearray((tmp_path / f'{name}.tif').read_bytes())
        place = data.index(struct.pack('<HHI', 262, 3, 1)) + 8
        data[place : place + 2] = b'\0\0'
        (tmp_path / f'{name}.tif').write_bytes(data)
    np.testing.assert_array_equal(read_infrared(tmp_path / '8.tif'), values)
    with pytest.raises(PairError, match=r'16\.tif: 0 is its white \(MinIsWhite\)'):
        read_infrared(tmp_path / '16.tif', (0, 240))
