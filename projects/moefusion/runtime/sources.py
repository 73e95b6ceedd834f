"""What can be fused: files, arrays, lists of them and folders, as pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard, cast

import numpy as np

from moefusion.files import SAME_NAMES, Naming, PairError, find_pairs, read_pair

Source = str | Path | np.ndarray


def is_many(source: Source | Sequence[Source]) -> TypeGuard[Sequence[Source]]:
    """Whether it is a list of sources."""
    return isinstance(source, Sequence) and not isinstance(source, str)


def is_folder(source: Source | Sequence[Source]) -> bool:
    """Whether it is a folder that is there."""
    return isinstance(source, (str, Path)) and Path(source).is_dir()


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
        return _zip_pairs(visible, infrared)
    if is_many(visible) or is_many(infrared):
        raise ValueError(
            'give two lists, two folders, or one visible and one infrared image, but '
            f'not {type(visible).__name__} and {type(infrared).__name__}'
        )
    visible, infrared = cast(Source, visible), cast(Source, infrared)  # no lists from here on
    if not (is_folder(visible) or is_folder(infrared)):
        return [(visible, infrared)]
    if isinstance(visible, np.ndarray) or isinstance(infrared, np.ndarray):
        raise ValueError('an array has no partner in a folder: give two folders')
    found, problems = find_pairs(visible, infrared, naming=naming)
    if problems:
        raise PairError(
            f'{len(problems)} images cannot be paired, such as '
            f'{next(iter(problems.values()))}. Give lists of files instead, or '
            'use fuse_pairs, which fuses the others'
        )
    return list(found.values())


def read_source(visible: Source, infrared: Source, number: int) -> tuple[np.ndarray, str]:
    """H x W x 4 (B, G, R, infrared) from two files or arrays, and a name.

    Raises:
        PairError: if a file cannot be read or the two differ in size.
        ValueError: if arrays are not uint8 of one size.
    """
    if not isinstance(visible, np.ndarray) and not isinstance(infrared, np.ndarray):
        return read_pair(visible, infrared), str(visible)
    for name, source in (('visible', visible), ('infrared', infrared)):
        if not isinstance(source, np.ndarray) or source.dtype != np.uint8:
            found = getattr(source, 'dtype', type(source).__name__)
            raise ValueError(f'pair {number}: {name} must be a uint8 array, but is {found}')
    color, heat = cast(np.ndarray, visible), cast(np.ndarray, infrared)
    if color.ndim != 3 or color.shape[2] != 3 or heat.shape != color.shape[:2] or not heat.size:
        raise ValueError(
            f'pair {number}: visible must be H x W x 3 and infrared H x W of the same size, '
            f'and not empty, but are {color.shape} and {heat.shape}'
        )
    return np.dstack([color[..., ::-1], heat]), str(number)


def _zip_pairs(
    visible: Sequence[Source], infrared: Sequence[Source]
) -> list[tuple[Source, Source]]:
    """Pairs from two lists, whose files are there."""
    if len(visible) != len(infrared):
        raise ValueError(f'there are {len(visible)} visible but {len(infrared)} infrared images')
    for source in (*visible, *infrared):
        if isinstance(source, (str, Path)) and not Path(source).is_file():
            raise FileNotFoundError(f'{source}: there is no such file')
    return list(zip(visible, infrared))
