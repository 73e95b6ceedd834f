"""Images in memory, of whatever kind, give the pair that the plain arrays give."""

import io
import tempfile

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from moefusion.files import PairError
from moefusion.runtime.sources import list_pairs, read_source, refuse_mixed_sources

TYPES = {'I;16': '<u2', 'I;16B': '>u2', 'I': '<i4', 'F': '<f4'}  # NumPy's of Pillow's modes


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    shapes = (5, 7, 3), (5, 7)
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def test_kinds_of_images_agree(pair):
    color, heat = pair
    expected = np.dstack([color[..., ::-1], heat])
    for visible, infrared in (
        (color, heat),
        (Image.fromarray(color), Image.fromarray(heat)),
        (torch.from_numpy(color), torch.from_numpy(heat)),
        (torch.from_numpy(color).permute(2, 0, 1), torch.from_numpy(heat)),
        (color, np.dstack([heat] * 3)),
    ):
        found, name = read_source(visible, infrared, 3)
        np.testing.assert_array_equal(found, expected)
        assert name == '3'


def test_gray_visible_image_is_repeated(pair):
    heat = pair[1]
    found, _ = read_source(heat, heat, 0)
    np.testing.assert_array_equal(found, np.dstack([heat] * 4))


@pytest.mark.parametrize(
    'visible, message',
    [
        (lambda color: color.astype(np.float32), 'pair 2: visible must be uint8, but is float32'),
        (lambda color: color[:, :0], 'and not empty'),
        (lambda color: np.dstack([color, color]), r'H x W x 3, and not empty, but is \(5, 7, 6\)'),
        (lambda color: color[1:], 'differ in size'),
        (lambda color: Image.fromarray(color).convert('P'), 'of mode P: convert it to RGB or L'),
        (lambda color: 'a.png', 'is a file beside an image in memory'),
    ],
)
def test_what_is_refused(pair, visible, message):
    with pytest.raises(ValueError, match=message):
        read_source(visible(pair[0]), pair[1], 2)


def test_infrared_in_colour_is_refused():
    color = np.zeros((4, 6, 3), np.uint8)
    color[..., 0] = 255
    with pytest.raises(PairError, match='pair 0: an infrared image in colour'):
        read_source(color, color, 0)


def test_generators_are_lists(pair):
    found = list_pairs((image for image in [pair[0]]), iter([pair[1]]))
    assert len(found) == 1 and found[0][0] is pair[0] and found[0][1] is pair[1]


def test_columns_of_names_are_lists(tmp_path):
    names = [str(tmp_path / f'{name}.png') for name in 'abcd']
    for name in names:
        Image.fromarray(np.zeros((4, 6), np.uint8)).save(name)
    for column in (pd.Series, np.array, lambda some: pd.Series(some, dtype='string')):
        assert list_pairs(column(names[:2]), column(names[2:])) == [*zip(names[:2], names[2:])]


def test_infrared_values_of_another_type_take_the_range(pair):
    color, heat = pair
    kelvin = heat.astype(np.uint16) * 10 + 2000
    expected = np.round((kelvin - 2000.0) / 2550 * 255)
    kinds = kelvin, kelvin.astype(np.float32), Image.fromarray(kelvin.astype(np.int32))
    for infrared in (*kinds, torch.from_numpy(kelvin.astype(np.float64))):
        found, _ = read_source(color, infrared, 0, (2000, 4550))
        np.testing.assert_array_equal(found[..., 3], expected)
    with pytest.raises(ValueError, match=r'infrared must be uint8.*uint16\. infrared_range=\(low'):
        read_source(color, kelvin, 0)
    with pytest.raises(ValueError, match='visible must be uint8, but is uint16$'):
        read_source(np.dstack([kelvin] * 3), kelvin, 0, (2000, 4550))


def test_a_mixture_is_found_whatever_the_order_of_bytes(pair):
    heat = pair[1]
    for other in (heat.astype('>u2'), heat.astype('<u2'), heat.astype('>f4')):
        with pytest.raises(PairError, match='several kinds in one set: 1 of 8 bits'):
            refuse_mixed_sources([heat, other])


def test_one_channel_and_gradients_are_fine(pair):
    color, heat = pair
    expected = np.dstack([color[..., ::-1], heat])
    for infrared in (heat[..., None], torch.from_numpy(heat)[None]):
        np.testing.assert_array_equal(read_source(color, infrared, 0)[0], expected)
    warm = torch.from_numpy(heat).double().requires_grad_()
    np.testing.assert_array_equal(read_source(color, warm, 0, (0, 255))[0], expected)


def test_pillow_images_are_as_upright_as_their_files(pair, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    paths = tmp_path / 'v.png', tmp_path / 'i.png'
    for path, image in zip(paths, pair):
        Image.fromarray(image).save(path, exif=exif)
    opened = read_source(*map(Image.open, paths), 0)[0]
    np.testing.assert_array_equal(opened, read_source(*paths, 0)[0])


@pytest.mark.parametrize('place', ['exif of a WebP', 'xmp'])
def test_pillow_images_are_not_turned_where_their_files_are_not(pair, tmp_path, place):
    exif = Image.Exif()
    exif[0x0112] = 3
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="3"/></x:xmpmeta>'
    options = dict(xmp=xmp) if place == 'xmp' else dict(exif=exif, lossless=True)
    paths = [tmp_path / f'{side}.{"jpg" if place == "xmp" else "webp"}' for side in 'vi']
    for path, image in zip(paths, pair):
        Image.fromarray(image).save(path, **options)
    opened = read_source(*map(Image.open, paths), 0)[0].astype(int)
    assert abs(opened - read_source(*paths, 0)[0]).max() < 9  # two decoders


@pytest.mark.parametrize('mode', TYPES)
def test_deep_pillow_images_need_a_range_and_no_conversion(pair, mode):
    """Pillow's conversion to L, which the message named, cuts values."""
    heat = Image.frombytes(mode, pair[1].shape[::-1], pair[1].astype(TYPES[mode]).tobytes())
    with pytest.raises(ValueError, match=r'infrared must be uint8.* infrared_range=\(low, high\)'):
        read_source(pair[0], heat, 0)
    assert (read_source(pair[0], heat, 0, (0, 255))[0][..., 3] == pair[1]).all()


@pytest.mark.parametrize(
    ('source', 'words'),
    [
        (None, r'pair 2: visible is None, as cv2\.imread gives'),
        (torch.zeros(3, 5, 7, dtype=torch.bfloat16), 'pair 2: visible cannot be read'),
        (torch.zeros(3, 5, 7, device='meta'), 'pair 2: visible cannot be read'),
        (np.ma.masked_less(np.arange(35, dtype=np.uint8).reshape(5, 7), 3), 'has masked values'),
    ],
)
def test_what_is_no_image_is_named(pair, source, words):
    with pytest.raises(ValueError, match=words):
        read_source(source, pair[1], 2)


def test_a_cut_off_pillow_image_is_named(pair, tmp_path):
    Image.fromarray(np.repeat(pair[0], 50, 1)).save(tmp_path / 'v.jpg')
    data = (tmp_path / 'v.jpg').read_bytes()
    (tmp_path / 'v.jpg').write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match='pair 0: visible cannot be read .*truncated'):
        read_source(Image.open(tmp_path / 'v.jpg'), pair[1], 0)


@pytest.mark.parametrize(
    'wrong',
    [
        *(b'a.png', io.BytesIO(b'data'), {'a.png'}, {'a': 'a.png'}, memoryview(b'a')),
        tempfile.NamedTemporaryFile(),  # its lines were taken for images
    ],
)
def test_what_has_no_order_or_is_no_image_is_refused(wrong):
    with pytest.raises(ValueError, match=f'a {type(wrong).__name__} is no image'):
        list_pairs(wrong, wrong)


def test_a_file_is_never_its_own_partner(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(path)
    (tmp_path / 'b.png').symlink_to(path)
    for visible, infrared in ((path, str(path)), ([path], [tmp_path / 'b.png'])):
        with pytest.raises(PairError, match='would be its own partner'):
            list_pairs(visible, infrared)
