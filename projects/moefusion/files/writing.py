"""Writes files and images whole or not at all; needs no mm* package."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

CURE = 'Free space on that disk or choose another, writable output folder'
A_FILE_ON_THE_WAY = 'A file is where its folder should be: name another output folder'
CURES = {errno.EEXIST: A_FILE_ON_THE_WAY, errno.ENOTDIR: A_FILE_ON_THE_WAY}
PNG_START = 33  # bytes of signature and IHDR (PNG specification, 5.2 and 11.2.1)
NOTE = 'moefusion'  # keyword of the text chunk that says what wrote a PNG


def write_file(path: str | Path, data: bytes) -> None:
    """Write bytes to a file, whole or not at all; makes the folder where there is none.

    Raises:
        OSError: the file cannot be written, with file, reason and cure; nothing is left behind.
    """
    path = Path(path)
    draft = path.with_name(f'.{secrets.token_hex(8)}.tmp')  # short: names may be long
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, 'wb') as file:
            file.write(data)
        os.replace(draft, path)
    except OSError as error:
        reason, cure = error.strerror or str(error), CURES.get(error.errno or 0, CURE)
        raise OSError(
            error.errno, f'cannot write {path}: {reason}. {cure}; nothing was left half-written'
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def check_writable(path: str | Path) -> None:
    """Raise OSError where a file could not be written later, when hours of work are in it."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, f'cannot write {path}: it is a folder. Name a file')
    trial = path.with_name(f'.{secrets.token_hex(8)}.try')
    try:
        write_file(trial, b'')
    except OSError as error:
        reason = str(error.strerror).replace(str(trial), str(path))
        raise OSError(error.errno, reason) from error
    trial.unlink()


def write_image(path: str | Path, image: np.ndarray, note: str = '') -> None:
    """Write a uint8 image, (H, W) or (H, W, 3) BGR, in the format that the file name says.

    Args:
        path (str | Path): the file.
        image (np.ndarray): what it shows.
        note (str): Latin-1 text that a PNG carries, under ``NOTE``, in Pillow's ``info``.

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
    encoded = data.tobytes()
    if note:
        text = b'tEXt' + f'{NOTE}\0{note}'.encode('latin-1')
        chunk = struct.pack('>I', len(text) - 4) + text + struct.pack('>I', zlib.crc32(text))
        encoded = encoded[:PNG_START] + chunk + encoded[PNG_START:]
    write_file(path, encoded)
