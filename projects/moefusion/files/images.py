"""Reads visible / infrared pairs and writes images whole or not at all; needs no mm* package.

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
EXIF orientation            ignored               ignored
==========================  ====================  ===============================================

16-bit images are refused because a silent stretch to 8 bit, another for every image, would change
every metric.
"""

import contextlib
import io
import os
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from moefusion.image.color import RGB_TO_GRAY

BGR_TO_GRAY = np.array(RGB_TO_GRAY[::-1])  # OpenCV's channel order
# Infrared is false colour when the channels of more than this share of its pixels differ by more
# than chroma noise does.
CHROMA_NOISE, FALSE_COLOUR_SHARE = 32, 0.05
# What Pillow raises for files it cannot read.
_UNREADABLE = OSError, ValueError, SyntaxError, Image.DecompressionBombError
# How a complete file of each format ends, looked up by how it starts.
_ENDS = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG\r\n\x1a\n': b'IEND\xaeB`\x82'}


class PairError(ValueError):
    """A pair that cannot be used: the message names the file, what is wrong and the cure."""


def bgr_to_gray(image):
    """Return the uint8 gray (H, W) of a uint8 BGR image (H, W, 3), as MATLAB's ``rgb2gray``."""
    levels = np.arange(256.0)
    gray = sum(cv2.LUT(c, levels * weight) for c, weight in zip(cv2.split(image), BGR_TO_GRAY))
    return np.round(gray).astype(np.uint8)


def read_visible(path):
    """Read a visible image as uint8 BGR, shape (H, W, 3).

    Raises:
        PairError: missing, unreadable or truncated file, or an error by the module's table.
    """
    image = _drop_alpha(_read(path), path)
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def read_infrared(path):
    """Read an infrared image as uint8 gray, shape (H, W).

    Raises:
        PairError: missing, unreadable or truncated file, or an error by the module's table.
    """
    image = _drop_alpha(_read(path), path)
    if image.ndim == 2:
        return image
    blue, green, red = cv2.split(image)
    spread = cv2.max(cv2.max(blue, green), red) - cv2.min(cv2.min(blue, green), red)
    if not spread.any():
        return blue
    if (spread > CHROMA_NOISE).mean() > FALSE_COLOUR_SHARE:
        raise PairError(
            f'{path}: an infrared image in colour. If it is the visible one, swap the two; if '
            'it is a false-colour rendering, export it in gray.'
        )
    return bgr_to_gray(image)


def read_pair(visible, infrared):
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


def read_size(path):
    """Return (width, height) in pixels from the header of an image file, without decoding it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path) as image:
                return image.size
    except FileNotFoundError:
        raise PairError(_missing(path)) from None
    except _UNREADABLE as error:
        raise PairError(
            f'{path}: not a readable image ({error}). Fetch or export it again.'
        ) from error


def write_file(path, data):
    """Write bytes to a file, whole or not at all; makes the folder where there is none.

    Raises:
        OSError: the file cannot be written, with file, reason and cure; nothing is left behind.
    """
    path = Path(path)
    draft = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, 'wb') as file:
            file.write(data)
        os.replace(draft, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(
            error.errno,
            f'cannot write {path}: {reason}. Free space on that disk or choose another, writable '
            'output folder; nothing was left half-written',
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def write_image(path, image):
    """Write a uint8 image, (H, W) or (H, W, 3) BGR, in the format that the file name says.

    Raises:
        ValueError: the format is unknown or the array is not a uint8 image.
        OSError: the file cannot be written (see :func:`write_file`).
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(
            f'{path}: expected uint8 (H, W) or (H, W, 3), got {image.dtype} {image.shape}'
        )
    try:
        done, data = cv2.imencode(Path(path).suffix or '.', image)
    except cv2.error:
        done = False
    if not done:
        raise ValueError(
            f'{path}: cannot encode {image.shape} in this format. Use .png, .jpg, .bmp or .tif.'
        )
    write_file(path, data.tobytes())


def _read(path):
    """Decode a file as stored, after ruling out what OpenCV would decode in silence."""
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
    _refuse_truncated(path, data)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PairError(
            f'{path}: not a readable image ({error.err}). Fetch or export it again.'
        ) from error
    if image is None:
        raise PairError(
            f'{path}: damaged or in a format unknown to OpenCV. Fetch it again or export it as PNG.'
        )
    if image.dtype != np.uint8:
        raise PairError(
            f'{path}: {image.dtype} values, but 8-bit images are needed. Map the whole data set to '
            '0..255 with one fixed range: np.clip((x - low) / (high - low) * 255, 0, 255).round(). '
            'A range taken from each image would falsify every metric.'
        )
    return image


def _refuse_truncated(path, data):
    """Raise where a JPEG or PNG lacks its end: decoders may fill up with gray and say nothing."""
    for start, end in _ENDS.items():
        # Data after the end marker is legal: a file that does not end in it is decoded strictly.
        if data.startswith(start) and not data.rstrip(b'\0\r\n ').endswith(end):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    Image.open(io.BytesIO(data)).load()
            except _UNREADABLE as error:
                raise PairError(
                    f'{path}: the file is truncated or damaged ({error}). Fetch it again.'
                ) from error


def _drop_alpha(image, path):
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


def _missing(path):
    return f'{path}: no such file. A pair needs both images; check the folder and the name.'


def _size_text(image):
    return f'{image.shape[1]} x {image.shape[0]}'
