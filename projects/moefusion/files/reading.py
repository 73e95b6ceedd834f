"""Reads visible / infrared pairs as 8-bit arrays; needs no mm* package.

What each file may hold, and what becomes of it:

==========================  ====================  ===============================================
file                        visible               infrared
==========================  ====================  ===============================================
8-bit gray                  B = G = R = gray      as it is
8-bit colour or palette     as it is              equal channels: the first; nearly equal (JPEG
                                                  noise): MATLAB's ``rgb2gray``; coloured: error
alpha, opaque everywhere    alpha dropped         alpha dropped
alpha, transparent pixels   error                 error
16-bit or float             error                 error
EXIF orientation            applied               applied
==========================  ====================  ===============================================

Orientation is applied as OpenCV, and so MMDetection's loader, does by default: that of JPEG, PNG
and TIFF; WebP's is not looked at. Boxes are in the pixels that one sees.

16-bit images are refused because a silent stretch to 8 bit, another for every image, would change
every metric.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from moefusion.files.errors import PairError
from moefusion.luma import RGB_TO_GRAY

BGR_TO_GRAY = np.array(RGB_TO_GRAY[::-1])  # OpenCV's channel order
# Infrared is false colour when the channels of more than this share of its pixels differ by more
# than chroma noise does.
CHROMA_NOISE, FALSE_COLOUR_SHARE = 32, 0.05
# What Pillow raises for files it cannot read.
_UNREADABLE = OSError, ValueError, SyntaxError, Image.DecompressionBombError
# Formats whose orientation OpenCV applies only if asked to, and which Pillow's size leaves out.
_TURNED = 'JPEG', 'MPO', 'PNG'
ORIENTATION, TRANSPOSED = 0x0112, 5  # EXIF's tag, and from where on it swaps width and height


def bgr_to_gray(image: np.ndarray) -> np.ndarray:
    """Return the uint8 gray (H, W) of a uint8 BGR image (H, W, 3), as MATLAB's ``rgb2gray``."""
    levels = np.arange(256.0)
    gray = sum(cv2.LUT(c, levels * weight) for c, weight in zip(cv2.split(image), BGR_TO_GRAY))
    return np.round(gray).astype(np.uint8)


def read_visible(path: str | Path) -> np.ndarray:
    """Read a visible image as uint8 BGR, shape (H, W, 3).

    Raises:
        PairError: missing, unreadable or truncated file, or an error by the module's table.
    """
    image = _read(path)
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def read_infrared(path: str | Path) -> np.ndarray:
    """Read an infrared image as uint8 gray, shape (H, W).

    Raises:
        PairError: missing, unreadable or truncated file, or an error by the module's table.
    """
    return to_infrared(_read(path), str(path))


def to_infrared(image: np.ndarray, name: str) -> np.ndarray:
    """Gray H x W of an infrared image, uint8, H x W or H x W x 3 (B, G, R).

    Raises:
        PairError: if it is in colour; it goes by ``name``.
    """
    if image.ndim == 2:
        return image
    blue, green, red = cv2.split(image)
    spread = cv2.max(cv2.max(blue, green), red) - cv2.min(cv2.min(blue, green), red)
    if not spread.any():
        return blue
    if (spread > CHROMA_NOISE).mean() > FALSE_COLOUR_SHARE:
        raise PairError(
            f'{name}: an infrared image in colour. If it is the visible one, swap the two; if '
            'it is a false-colour rendering, export it in gray.'
        )
    return bgr_to_gray(image)


def read_pair(visible: str | Path, infrared: str | Path) -> np.ndarray:
    """Read one aligned pair as one uint8 array (H, W, 4) with the channels B, G, R, infrared.

    Args:
        visible (str | Path): visible image file.
        infrared (str | Path): infrared image file.

    Raises:
        PairError: one of the files cannot be used, or their sizes differ.
    """
    color, heat = read_visible(visible), read_infrared(infrared)
    if color.shape[:2] != heat.shape:
        raise PairError(
            f'{visible} is {_size_text(color)} but {infrared} is {_size_text(heat)} (width x '
            'height). Register the two and crop both to their common area.'
        )
    return cv2.merge([color, heat])


def read_size(path: str | Path) -> tuple[int, int]:
    """Return (width, height) in pixels, as :func:`read_pair` gives them, from the file's header."""
    with _opened(path) as image:
        width, height = image.size
        turned = image.format in _TURNED and _orientation(image) >= TRANSPOSED
    return (height, width) if turned else (width, height)


def read_orientation(path: str | Path) -> int:
    """Return the orientation in an image's header, 1 to 8, as EXIF counts; 1 is upright."""
    with _opened(path) as image:
        return _orientation(image)


def _orientation(image: Image.Image) -> int:
    """Orientation in a header; neither WebP's nor XMP's, which OpenCV does not look at."""
    exif = Image.Exif()
    with contextlib.suppress(Exception):  # Pillow's parsers raise anything on a damaged header
        if image.format in _TURNED:
            exif.load(image.info.get('exif', b''))
        elif image.format == 'TIFF':
            exif = image.getexif()
    found = exif.get(ORIENTATION, 1)
    return found if found in range(1, 9) else 1


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """Open an image's header."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path) as image:
                yield image
    except FileNotFoundError:
        raise PairError(_missing(path)) from None
    except _UNREADABLE as error:
        raise PairError(
            f'{path}: not a readable image ({error}). Fetch or export it again.'
        ) from error


def _read(path: str | Path) -> np.ndarray:
    """Decode a file to gray or BGR, upright, after ruling out what OpenCV decodes in silence."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise PairError(_missing(path)) from None
    except OSError as error:
        raise PairError(
            f'{path}: cannot be opened ({error.strerror}). Check the path and its permissions.'
        ) from error
    if not data:
        raise PairError(f'{path}: the file is empty (0 bytes). Fetch it again.')
    turned = _inspect(path, data)
    image = _decode(path, data, cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint8:
        raise PairError(
            f'{path}: {image.dtype} values, but 8-bit images are needed. Map the whole data set to '
            '0..255 with one fixed range: np.clip((x - low) / (high - low) * 255, 0, 255).round(). '
            'A range taken from each image would falsify every metric.'
        )
    image = _drop_alpha(image, path)
    return _decode(path, data, cv2.IMREAD_ANYCOLOR) if turned else image


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


def _inspect(path: str | Path, data: bytes) -> bool:
    """Return whether a header may ask to turn the image; raise where a decoder notices damage.

    OpenCV fills in what a damaged JPEG lacks and tells only the terminal. So libjpeg decodes the
    file at an eighth of its size, strictly; a PNG's check sums are compared; Pillow decodes a TIFF.
    """
    try:
        if data.startswith(b'\xff\xd8\xff'):
            fourfold = simplejpeg.decode_jpeg_header(data)[2] in ('CMYK', 'YCCK')
            space = 'CMYK' if fourfold else 'GRAY'
            simplejpeg.decode_jpeg(data, space, min_height=1, min_width=1, min_factor=8)
            return b'Exif\0\0' in data
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(data)) as image:
                if image.format == 'PNG':
                    image.verify()
                elif image.format == 'TIFF':
                    image.load()
                return image.format == 'PNG' and b'eXIf' in data
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return False  # no format of Pillow's, or more than it takes: OpenCV decides
    except _UNREADABLE as error:
        raise PairError(
            f'{path}: the file is truncated or damaged ({error}). Fetch it again.'
        ) from error


def _drop_alpha(image: np.ndarray, path: str | Path) -> np.ndarray:
    """Return a gray or BGR image; an alpha channel goes if it hides nothing."""
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    if image.shape[2] == 4 and image[..., 3].min() == 255:
        return np.ascontiguousarray(image[..., :3])
    what = (
        'an alpha channel with transparent pixels'
        if image.shape[2] in (2, 4)
        else f'{image.shape[2]} channels'
    )
    raise PairError(f'{path}: {what}. Save it as plain gray or RGB.')


def _missing(path: str | Path) -> str:
    return f'{path}: no such file. A pair needs both images; check the folder and the name.'


def _size_text(image: np.ndarray) -> str:
    return f'{image.shape[1]} x {image.shape[0]}'
