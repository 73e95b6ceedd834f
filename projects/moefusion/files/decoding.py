"""Decodes an image file to an array of whatever depth, after what decoders pass over in silence."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from moefusion.extras import need
from moefusion.files.errors import PairError
from moefusion.files.headers import BITS_PER_SAMPLE, lacks_scans, pnm_white, tiff_tags

# What Pillow raises for files it cannot read; the last four for damaged headers.
UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
)
JPEG = b'\xff\xd8\xff'
# Tags of TIFF, and the value of the first that stands for JPEG; the rest start with their offsets.
COMPRESSION, JPEG_IN_TIFF, CHANNELS, JPEG_TABLES = 259, 7, 277, 347
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
PLANES, APART, EXTRA, ALPHA = 284, 2, 338, 2
STRIPS, TILES = (273, 279), (324, 325)
TRANSPARENT = 'an alpha channel with transparent pixels. Save it as plain gray or RGB.'
PACKED = 10, 12, 14  # bits a value that a TIFF may hold without gaps


def decode(path: str | Path) -> np.ndarray:
    """Decode a file to gray (H, W) or BGR (H, W, 3), upright, of the type that it holds.

    Raises:
        PairError: missing, empty, unreadable or damaged file, or transparent pixels.
    """
    data = _bytes(path)
    tags = tiff_tags(data)
    turned = _inspect(path, data, tags)
    image = _drop_alpha(_decode(path, data, cv2.IMREAD_UNCHANGED), path)
    bits, channels = tags.get(BITS_PER_SAMPLE, 0), tags.get(CHANNELS, 1)
    if image.ndim == 2 and channels > 1 and (channels, tags.get(EXTRA)) != (2, ALPHA):
        raise PairError(
            f'{path}: of its {channels} channels OpenCV reads the first alone, as the file calls '
            'them gray. Save it as plain gray or RGB.'
        )
    if image.dtype == np.uint8 and bits > 8:
        raise PairError(
            f'{path}: OpenCV keeps 8 of its {bits} bits, as for gray with alpha. Save it as plain '
            'gray.'
        )
    if image.dtype == np.uint16 and bits in PACKED:
        return image >> (16 - bits)  # OpenCV fills the word from above
    return _decode(path, data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH) if turned else image


def temperatures(path: str | Path) -> np.ndarray | None:
    """Degrees Celsius of FLIR's radiometric JPEG, float32 (H, W); None of any other file.

    Raises:
        PairError: if the file cannot be opened, or holds no temperatures that can be read.
        ImportError: without the extra ``thermal``.
    """
    data = _bytes(path)
    if not data.startswith(JPEG) or b'FLIR\0\1' not in data:
        return None
    flyr = need('flyr', f'{path}, a radiometric JPEG,')
    try:
        return flyr.unpack(io.BytesIO(data)).celsius.astype(np.float32)
    except Exception as error:  # it raises anything
        raise PairError(
            f'{path}: its temperatures cannot be read ({error or type(error).__name__}). Export it '
            'as 16-bit TIFF.'
        ) from error


def _bytes(path: str | Path) -> bytes:
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise PairError(missing(path)) from None
    except OSError as error:
        raise PairError(
            f'{path}: cannot be opened ({error.strerror}). Check the path and its permissions.'
        ) from error
    if not data:
        raise PairError(f'{path}: the file is empty (0 bytes). Fetch it again.')
    return data


def _decode(path: str | Path, data: bytes, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PairError(
            f'{path}: not a readable image ({error.err}). Fetch or export it again.'
        ) from error
    if image is None:
        raise PairError(
            f'{path}: damaged or in a format unknown to OpenCV. Fetch it again or export it as PNG.'
        )
    return image


def _inspect(path: str | Path, data: bytes, tags: Mapping[int, int]) -> bool:
    """Return whether a header may ask to turn the image; raise where a decoder notices damage.

    OpenCV fills in what a damaged JPEG lacks and tells only the terminal. So libjpeg decodes the
    file, or those inside a TIFF, strictly; a PNG's check sums are compared; Pillow decodes a TIFF.
    A file of several pictures is refused; the preview behind a phone's JPEG is none.
    """
    try:
        _refuse_what_opencv_passes_over(path, data, tags)
        if data.startswith(JPEG):
            _inspect_jpeg(data)
            if lacks_scans(data):
                raise ValueError('progressive JPEG without its last scans')
            return b'Exif\0\0' in data
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(data)) as image:
                if (count := getattr(image, 'n_frames', 1)) > 1:
                    raise PairError(
                        f'{path}: {count} pictures in one file. Save the one that is meant, alone.'
                    )
                if image.format == 'PNG':
                    image.verify()
                elif image.format == 'TIFF':
                    for part in _jpegs(image, data):
                        _inspect_jpeg(part)
                    image.load()
                    if image.mode == 'LA' and image.getextrema()[1] != (255, 255):
                        raise PairError(f'{path}: {TRANSPARENT}')
                return image.format == 'PNG' and b'eXIf' in data
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return False  # no format of Pillow's, or more than it takes: OpenCV decides
    except PairError:
        raise
    except UNREADABLE as error:
        raise PairError(
            f'{path}: the file is truncated or damaged ({error}). Fetch it again.'
        ) from error


def _refuse_what_opencv_passes_over(path: str | Path, data: bytes, tags: Mapping[int, int]) -> None:
    """Raise PairError for what a header says of white or of channels, and OpenCV does not heed."""
    if 0 < (white := pnm_white(data)) < 255:
        raise PairError(
            f'{path}: {white} is its white, but OpenCV, and so MMDetection, take 255 for it. Save '
            'it as PNG.'
        )
    deep = tags.get(BITS_PER_SAMPLE, 1) > 8
    if deep and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        raise PairError(
            f'{path}: 0 is its white (MinIsWhite), which OpenCV heeds up to 8 bits alone. Save it '
            'with 0 as black.'
        )
    if deep and tags.get(CHANNELS, 1) > 1 and tags.get(PLANES) == APART:
        raise PairError(
            f'{path}: its channels lie apart (PlanarConfiguration 2), which OpenCV mixes up beyond '
            '8 bits. Save it with them side by side.'
        )


def _inspect_jpeg(data: bytes) -> None:
    """Decode a JPEG at an eighth of its size; raise ValueError at the first warning."""
    fourfold = simplejpeg.decode_jpeg_header(data)[2] in ('CMYK', 'YCCK')
    space = 'CMYK' if fourfold else 'GRAY'
    simplejpeg.decode_jpeg(data, space, min_height=1, min_width=1, min_factor=8)


def _jpegs(image: Image.Image, data: bytes) -> Iterator[bytes]:
    """The strips or tiles of a TIFF that are JPEGs (TIFF Technical Note 2), with their tables."""
    tags = getattr(image, 'tag_v2', {})
    if tags.get(COMPRESSION) != JPEG_IN_TIFF or tags.get(CHANNELS) == 2:  # libjpeg's are not two
        return
    tables = tags.get(JPEG_TABLES, b'')[:-2]  # without the end marker
    for starts, lengths in STRIPS, TILES:
        for start, length in zip(tags.get(starts, ()), tags.get(lengths, ())):
            part = data[start : start + length]
            yield tables + part[2:] if tables else part


def _drop_alpha(image: np.ndarray, path: str | Path) -> np.ndarray:
    """Return a gray or BGR image; an alpha channel goes if it hides nothing."""
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    opaque = np.iinfo(image.dtype).max if image.dtype.kind == 'u' else 1
    if image.shape[2] == 4 and image[..., 3].min() == opaque:
        return np.ascontiguousarray(image[..., :3])
    channels = f'{image.shape[2]} channels. Save it as plain gray or RGB.'
    raise PairError(f'{path}: {TRANSPARENT if image.shape[2] in (2, 4) else channels}')


def missing(path: str | Path) -> str:
    """Say that a file is not there."""
    return f'{path}: no such file. A pair needs both images; check the folder and the name.'
