"""What can be fused: files, arrays, lists of them and folders, as pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from PIL import Image

from moefusion.files import (
    SAME_NAMES,
    Naming,
    PairError,
    Range,
    find_pairs,
    read_pair,
    to_eight_bits,
    to_infrared,
)
from moefusion.files.kinds import EIGHT, FLOATS, MORE, kind_of, read_kind, refuse_mixture
from moefusion.files.pairs import refuse_itself
from moefusion.files.reading import upright

# Pillow's of 8 bits, and of more: these would lose their values where they are converted
MODES = 'L', 'RGB', 'F', 'I', 'I;16', 'I;16B', 'I;16L', 'I;16N'
Source = Any  # a file (str, Path), or an image in memory: an array, a tensor, a Pillow image


def is_many(source: Source | Iterable[Source]) -> TypeGuard[Iterable[Source]]:
    """Whether it is a list of sources, or a generator of them.

    Raises:
        ValueError: if it is iterable, but neither an image nor in an order that pairs can have.
    """
    if is_file(source):
        return False
    if hasattr(source, '__array__'):  # one image, but for columns of names
        kind = getattr(getattr(source, 'dtype', None), 'kind', '')
        return kind in ('O', 'U') and getattr(source, 'ndim', 0) == 1
    refused = isinstance(source, (bytes, bytearray, memoryview, Mapping, Set))
    if refused or hasattr(source, 'read'):  # of an open file, a server's upload
        raise ValueError(
            f'a {type(source).__name__} is no image and no list of images. Give file names, arrays '
            '(np.asarray(Image.open(file).convert("RGB")) of an open file), or lists of them'
        )
    return isinstance(source, Iterable)


def is_file(source: Source) -> TypeGuard[str | Path]:
    """Whether it names a file or folder."""
    return isinstance(source, (str, Path))


def is_folder(source: Source | Sequence[Source]) -> bool:
    """Whether it is a folder that is there."""
    return is_file(source) and Path(source).is_dir()


def list_pairs(
    visible: Source | Sequence[Source],
    infrared: Source | Sequence[Source],
    naming: Naming = SAME_NAMES,
) -> list[tuple[Source, Source]]:
    """Pairs from two files, arrays, lists or folders.

    Raises:
        FileNotFoundError: if a file or folder is not there.
        PairError: if an image has no partner, or would be its own.
        ValueError: if two lists differ in length, or a list or folder stands beside something else.
    """
    if is_many(visible) and is_many(infrared):
        pairs = _zip_pairs(list(visible), list(infrared))
    elif is_many(visible) or is_many(infrared):
        raise ValueError(
            'give two lists, two folders, or one visible and one infrared image, but '
            f'not {type(visible).__name__} and {type(infrared).__name__}'
        )
    elif is_folder(visible) or is_folder(infrared):
        return _list_folders(visible, infrared, naming)
    else:
        pairs = [(visible, infrared)]
    for first, second in pairs:
        if is_file(first) and is_file(second):
            refuse_itself(Path(first), Path(second))
    return pairs


def refuse_mixed_sources(sources: Iterable[Source]) -> None:
    """Raise PairError where infrared images, files and in memory, are of several kinds of values.

    What cannot be read does not count: it is named when its turn comes.
    """
    refuse_mixture(
        {
            str(source) if is_file(source) else f'pair {number}': _kind(source)
            for number, source in enumerate(sources)
        }
    )


def _kind(source: Source) -> str | None:
    if is_file(source):
        return read_kind(source)
    if isinstance(source, Image.Image):
        return EIGHT if source.mode in ('L', 'RGB') else FLOATS if source.mode == 'F' else MORE
    dtype = getattr(source, 'dtype', None)
    name = str(dtype).removeprefix('torch.')
    if not isinstance(dtype, np.dtype) and name not in np.sctypeDict:
        return None
    return kind_of(dtype if isinstance(dtype, np.dtype) else np.dtype(name))


def read_source(
    visible: Source, infrared: Source, number: int, infrared_range: Range | None = None
) -> tuple[np.ndarray, str]:
    """H x W x 4 (B, G, R, infrared) from two files or arrays, and a name.

    ``infrared_range`` maps infrared values that are not uint8.

    Raises:
        PairError: if a file cannot be read, the two differ in size, or an infrared array is in
            colour.
        ValueError: if arrays are not uint8 of one size.
    """
    if is_file(visible) and is_file(infrared):
        return read_pair(visible, infrared, infrared_range), str(visible)
    color = _to_array(visible, f'pair {number}: visible')
    heat = _to_array(infrared, f'pair {number}: infrared', infrared_range)
    heat = to_infrared(heat[..., ::-1] if heat.ndim == 3 else heat, f'pair {number}')
    if heat.shape != color.shape[:2]:
        raise ValueError(
            f'pair {number}: visible and infrared differ in size: they are {color.shape[:2]} and '
            f'{heat.shape}, height and width'
        )
    color = np.dstack([color] * 3) if color.ndim == 2 else color
    return np.dstack([color[..., ::-1], heat]), str(number)


def _to_array(source: Source, name: str, values: Range | None = None) -> np.ndarray:
    """An image in memory as uint8, H x W or H x W x 3; one channel and a tensor's first, too."""
    if is_file(source):
        raise ValueError(f'{name} is a file beside an image in memory: give two of one kind')
    if source is None:
        raise ValueError(f'{name} is None, as cv2.imread gives for a file that it cannot read')
    if np.ma.is_masked(source):
        raise ValueError(f'{name} has masked values. Fill them, such as by their neighbours')
    if isinstance(source, Image.Image) and source.mode not in MODES:
        raise ValueError(f'{name} is a Pillow image of mode {source.mode}: convert it to RGB or L')
    tensor = hasattr(source, 'detach')
    try:
        if isinstance(source, Image.Image):
            source = upright(source)
        array = np.asarray(source.detach().cpu() if tensor else source)
    except (OSError, RuntimeError, TypeError) as error:  # Pillow loads late; NumPy lacks types
        raise ValueError(f'{name} cannot be read ({error})') from error
    if tensor and array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if values and array.dtype.kind in 'uif':
        array = to_eight_bits(array, values, name)
    if array.dtype != np.uint8:
        cure = '. infrared_range=(low, high) maps other values' if 'infrared' in name else ''
        raise ValueError(f'{name} must be uint8, but is {array.dtype}{cure}')
    if not array.size or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f'{name} must be H x W or H x W x 3, and not empty, but is {array.shape}')
    return np.ascontiguousarray(array)


def _zip_pairs(
    visible: Sequence[Source], infrared: Sequence[Source]
) -> list[tuple[Source, Source]]:
    """Pairs from two lists, whose files are there."""
    if len(visible) != len(infrared):
        raise ValueError(f'there are {len(visible)} visible but {len(infrared)} infrared images')
    for source in (*visible, *infrared):
        if is_file(source) and not Path(source).is_file():
            raise FileNotFoundError(f'{source}: there is no such file')
    return list(zip(visible, infrared))


def _list_folders(visible: Source, infrared: Source, naming: Naming) -> list[tuple[Source, Source]]:
    """All pairs of two folders."""
    if not (is_file(visible) and is_file(infrared)):
        raise ValueError('an array has no partner in a folder: give two folders')
    found, problems = find_pairs(visible, infrared, naming=naming)
    if problems:
        raise PairError(
            f'{len(problems)} images cannot be paired, such as '
            f'{next(iter(problems.values()))}. Give lists of files instead, or '
            'use fuse_pairs, which fuses the others'
        )
    return list(found.values())
