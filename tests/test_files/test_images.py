"""Reading pairs: each documented conversion, each error with file and cure."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from moefusion.files import (
    PairError,
    read_infrared,
    read_orientation,
    read_pair,
    read_size,
    read_visible,
)
from moefusion.files.reading import bgr_to_gray


def save(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def test_pair_keeps_every_value(tmp_path, color):
    visible, infrared = save(tmp_path / 'v.png', color), save(tmp_path / 'i.png', color[..., 1])
    pair = read_pair(visible, infrared)
    assert pair.shape == (30, 40, 4) and pair.dtype == np.uint8
    # Pillow as the independent reader: RGB there, BGR here
    np.testing.assert_array_equal(pair[..., :3], np.asarray(Image.open(visible))[..., ::-1])
    np.testing.assert_array_equal(pair[..., 3], np.asarray(Image.open(infrared)))


@pytest.mark.parametrize('size', [(17, 23), (1, 1)])
def test_tiny_pairs_are_fine(tmp_path, size):
    image = np.full((*size, 3), 7, np.uint8)
    pair = read_pair(save(tmp_path / 'v.png', image), save(tmp_path / 'i.png', image[..., 0]))
    assert pair.shape == (*size, 4)


def test_gray_visible_is_repeated(tmp_path, color):
    image = read_visible(save(tmp_path / 'v.png', color[..., 0]))
    np.testing.assert_array_equal(image, np.stack([color[..., 0]] * 3, axis=2))


def test_palette_is_expanded(tmp_path, color):
    path = tmp_path / 'v.png'
    Image.fromarray(color).quantize(16).save(path)
    expected = np.asarray(Image.open(path).convert('RGB'))[..., ::-1]
    np.testing.assert_array_equal(read_visible(path), expected)


def test_three_equal_infrared_channels_are_one(tmp_path, color):
    equal = np.repeat(color[..., :1], 3, axis=2)
    np.testing.assert_array_equal(read_infrared(save(tmp_path / 'i.png', equal)), color[..., 0])


def test_nearly_equal_infrared_channels_become_gray_by_matlabs_formula(tmp_path):
    bgr = np.zeros((2, 2, 3), np.uint8)
    bgr[:] = (100, 110, 120)
    gray = read_infrared(save(tmp_path / 'i.png', bgr))
    # 0.2989 * 120 + 0.5870 * 110 + 0.1140 * 100 = 111.85
    assert (gray == 112).all()


def test_gray_of_every_colour_is_the_rounded_sum(color):
    expected = np.round(
        color @ np.float64([0.114020904255103, 0.587043074451121, 0.298936021293775])
    )
    np.testing.assert_array_equal(bgr_to_gray(color), expected)


def test_false_colour_infrared_is_refused(tmp_path, color):
    path = save(tmp_path / 'i.png', cv2.applyColorMap(color[..., 0], cv2.COLORMAP_JET))
    with pytest.raises(PairError, match=r'i\.png.*colour.*swap'):
        read_infrared(path)


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path, color):
    alpha = np.dstack([color, np.full(color.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(read_visible(save(tmp_path / 'v.png', alpha)), color)
    alpha[0, 0, 3] = 0
    with pytest.raises(PairError, match=r't\.png.*alpha.*RGB'):
        read_visible(save(tmp_path / 't.png', alpha))


@pytest.mark.parametrize('read', [read_infrared, read_visible])
def test_sixteen_bit_is_refused_with_the_cure(tmp_path, read):
    path = save(tmp_path / 'i.png', np.full((4, 5), 30000, np.uint16))
    with pytest.raises(PairError, match=r'i\.png.*uint16.*fixed range'):
        read(path)


def test_sizes_must_agree(tmp_path, color):
    visible = save(tmp_path / 'v.png', color)
    infrared = save(tmp_path / 'i.png', color[:20, :, 0])
    with pytest.raises(PairError, match=r'v\.png is 40 x 30.*i\.png is 40 x 20.*Register'):
        read_pair(visible, infrared)


def test_missing_partner(tmp_path, color):
    visible = save(tmp_path / 'v.png', color)
    with pytest.raises(PairError, match=r'i\.png: no such file'):
        read_pair(visible, tmp_path / 'i.png')


def test_zero_size_file_folder_and_text(tmp_path):
    (tmp_path / 'empty.png').touch()
    (tmp_path / 'text.png').write_text('no image')
    for name, words in (
        ('empty.png', '0 bytes'),
        ('text.png', 'damaged'),
        ('', 'cannot be opened'),
    ):
        with pytest.raises(PairError, match=words):
            read_visible(tmp_path / name)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.tif', '.webp'])
@pytest.mark.parametrize('share', [0.1, 0.5, 0.97])
def test_truncated_files_are_refused(tmp_path, color, suffix, share):
    path = save(tmp_path / f'v{suffix}', cv2.resize(color, (160, 120)))
    data = path.read_bytes()
    read_visible(path)
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PairError, match=rf'v\{suffix}'):
        read_visible(path)


def test_colours_of_printing_are_read(tmp_path, color):
    Image.fromarray(color).convert('CMYK').save(tmp_path / 'v.jpg')
    assert read_visible(tmp_path / 'v.jpg').shape == color.shape


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.tif', '.webp'])
def test_orientation_is_applied_as_opencv_does(tmp_path, color, suffix, orientation):
    path = tmp_path / f'v{suffix}'
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {'.jpg': dict(quality=100), '.webp': dict(lossless=True)}.get(suffix, {})
    Image.fromarray(color).save(path, exif=exif, **options)
    expected = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(read_visible(path), expected)
    assert read_size(path) == expected.shape[1::-1]
    assert read_orientation(path) == (1 if suffix == '.webp' else orientation)
    turned = suffix != '.webp' and orientation > 4
    assert expected.shape[:2] == (color.shape[1::-1] if turned else color.shape[:2])


def test_a_damaged_exif_header_and_an_orientation_that_does_not_exist_count_for_nothing(
    tmp_path, color
):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, old, new in (
        ('a.jpg', b'\x01\x12', b'\x01\x13'),
        ('b.jpg', b'\x00\x06', b'\x00\x63'),
    ):
        Image.fromarray(color).save(tmp_path / name, exif=exif.tobytes())
        data = (tmp_path / name).read_bytes()
        start = data.index(b'Exif')
        (tmp_path / name).write_bytes(data[:start] + data[start:].replace(old, new, 1))
        image = read_visible(tmp_path / name)
        assert image.shape[:2][::-1] == read_size(tmp_path / name)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_truncation_is_found_where_the_decoder_says_nothing(tmp_path, color, suffix, monkeypatch):
    """Some versions of OpenCV fill the missing rows with gray instead of failing."""
    path = save(tmp_path / f'v{suffix}', color)
    path.write_bytes(path.read_bytes()[:-200])
    monkeypatch.setattr(cv2, 'imdecode', lambda *args: color)
    with pytest.raises(PairError, match='truncated'):
        read_visible(path)


def test_data_after_the_end_of_a_jpeg_is_legal(tmp_path, color):
    path = save(tmp_path / 'v.jpg', color)
    expected = read_visible(path)
    path.write_bytes(path.read_bytes() + b'maker notes')
    np.testing.assert_array_equal(read_visible(path), expected)


def test_flipped_bits_in_a_png_are_found(tmp_path, color):
    path = save(tmp_path / 'v.png', color)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(PairError, match=r'v\.png'):
        read_visible(path)


def test_size_from_the_header_alone(tmp_path, color):
    path = save(tmp_path / 'v.jpg', color)
    path.write_bytes(path.read_bytes()[:700])  # no pixel is left
    assert read_size(path) == (40, 30)
    with pytest.raises(PairError, match='no such file'):
        read_size(tmp_path / 'x.png')
    (tmp_path / 'text.png').write_text('no image')
    with pytest.raises(PairError, match=r'text\.png: not a readable image'):
        read_size(tmp_path / 'text.png')


def test_io_needs_no_mm_package(repo_root):
    code = (
        'import sys; sys.modules.update(mmcv=None, mmengine=None, mmdet=None, torch=None);'
        'import moefusion.files, moefusion.synthetic.writer'
    )
    env = {**os.environ, 'PYTHONPATH': str(repo_root / 'projects')}
    subprocess.run([sys.executable, '-c', code], check=True, env=env)
