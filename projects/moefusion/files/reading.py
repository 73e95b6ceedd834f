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
16-bit or float             error                 mapped by ``infrared_range``, else error
radiometric JPEG (FLIR)     the rendition         degrees Celsius mapped by ``infrared_range``;
                                                  without, the camera's rendition
EXIF orientation            applied               applied
==========================  ====================  ===============================================

Orientation is applied as OpenCV, and so MMDetection's loader, does by default: that of JPEG, PNG
and TIFF; WebP's is not looked at. Boxes are in the pixels that one sees.

A range is one for the whole set: a silent stretch to 8 bit, another for every image, would change
every metric. Images of 8 bits stay as they are.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from moefusion.files.decoding import UNREADABLE, decode, missing, temperatures
from moefusion.files.errors import PairError
from moefusion.files.headers import late_exif
from moefusion.files.levels import Range, to_eight_bits
from moefusion.luma import RGB_TO_GRAY

BGR_TO_GRAY = np.array(RGB_TO_GRAY[::-1])  # OpenCV's channel order
# Infrared is false colour when the channels of more than this share of its pixels differ by more
# than chroma noise does.
CHROMA_NOISE, FALSE_COLOUR_SHARE = 32, 0.05
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
    image = to_eight_bits(decode(path), None, str(path))
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def read_infrared(path: str | Path, infrared_range: Range | None = None) -> np.ndarray:
    """Read an infrared image as uint8 gray, shape (H, W).

    Args:
        path (str | Path): image file.
        infrared_range (tuple[float, float], optional): what becomes 0 and 255 of 16-bit and float
            images, and of the degrees Celsius of radiometric JPEGs.

    Raises:
        PairError: missing, unreadable or truncated file, or an error by the module's table.
    """
    image = to_eight_bits(read_values(path, infrared_range is not None), infrared_range, str(path))
    return to_infrared(image, str(path))


def read_values(path: str | Path, celsius: bool = True) -> np.ndarray:
    """Read an infrared image as the file has it: any type, shape (H, W) or (H, W, 3).

    Args:
        path (str | Path): image file.
        celsius (bool): whether a radiometric JPEG gives its temperatures, or its rendition.

    Raises:
        PairError: missing, unreadable or truncated file, or temperatures without the extra
            ``thermal``.
    """
    found = temperatures(path) if celsius else None
    return decode(path) if found is None else found


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


def read_pair(
    visible: str | Path, infrared: str | Path, infrared_range: Range | None = None
) -> np.ndarray:
    """Read one aligned pair as one uint8 array (H, W, 4) with the channels B, G, R, infrared.

    Args:
        visible (str | Path): visible image file.
        infrared (str | Path): infrared image file.
        infrared_range (tuple[float, float], optional): as in :func:`read_infrared`.

    Raises:
        PairError: one of the files cannot be used, or their sizes differ.
    """
    color, heat = read_visible(visible), read_infrared(infrared, infrared_range)
    refuse_other_size(visible, color.shape[1::-1], infrared, heat.shape[::-1])
    return cv2.merge([color, heat])


def refuse_other_size(
    visible: str | Path, size: Sequence[int], infrared: str | Path, other: Sequence[int]
) -> None:
    """Raise PairError where the (width, height) of two files of a pair differ."""
    if tuple(size) != tuple(other):
        raise PairError(
            f'{visible} is {size[0]} x {size[1]} but {infrared} is {other[0]} x {other[1]} (width '
            'x height). Register the two and crop both to their common area.'
        )


def read_size(path: str | Path) -> tuple[int, int]:
    """Return (width, height) in pixels, as :func:`read_pair` gives them, from the file's header.

    Args:
        path (str | Path): image file; one of a format that Pillow does not know is decoded.

    Raises:
        PairError: missing or unreadable file.
    """
    try:
        with opened(path) as image:
            width, height = image.size
            turned = image.format in _TURNED and _orientation(image) >= TRANSPOSED
    except PairError as error:
        if not isinstance(error.__cause__, UnidentifiedImageError):
            raise
        with contextlib.suppress(PairError):  # OpenCV knows formats that Pillow does not
            height, width = decode(path).shape[:2]
            return width, height
        raise
    return (height, width) if turned else (width, height)


def read_orientation(path: str | Path) -> int:
    """Return the orientation in an image's header, 1 to 8, as EXIF counts; 1 is upright.

    Args:
        path (str | Path): image file; one of a format that Pillow does not know is upright.

    Raises:
        PairError: missing file, or a damaged header.
    """
    try:
        with opened(path) as image:
            return _orientation(image)
    except PairError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            return 1  # Pillow does not know the format
        raise


def upright(image: Image.Image) -> Image.Image:
    """Turn a Pillow image as its file is turned when it is read from there.

    Of an image that was changed since, its EXIF block counts, whatever format it had.
    """
    return image if _orientation(image) == 1 else ImageOps.exif_transpose(image)


def _orientation(image: Image.Image) -> int:
    """Orientation in a header; neither WebP's nor XMP's, which OpenCV does not look at.

    Nor does it look behind the first APP1 segment of a JPEG, which may be XMP.
    """
    parts = [part for name, part in getattr(image, 'applist', ()) if name == 'APP1']
    if parts and not parts[0].startswith(b'Exif\0\0'):
        return 1
    exif = Image.Exif()
    with contextlib.suppress(Exception):  # Pillow's parsers raise anything on a damaged header
        if image.format in (*_TURNED, None):
            late = late_exif(image.fp) if isinstance(image, PngImageFile) and image.fp else b''
            exif.load(image.info.get('exif', late))
        elif image.format == 'TIFF':
            exif = image.getexif()
    found = exif.get(ORIENTATION, 1)
    return found if found in range(1, 9) else 1


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[Image.Image]:
    """Open an image, whose header alone is read.

    Raises:
        PairError: missing file, or one that Pillow does not take.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path) as image:
                yield image
    except FileNotFoundError:
        raise PairError(missing(path)) from None
    except UNREADABLE as error:
        raise PairError(
            f'{path}: not a readable image ({error}). Fetch or export it again.'
        ) from error
