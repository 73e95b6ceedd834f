"""Finds the files of a data set: one folder by stem, split files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from moefusion.files.errors import PairError

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')


def list_folder(
    folder: str | Path, suffixes: Sequence[str] = IMAGE_SUFFIXES, strip: Iterable[str] = ()
) -> dict[str, list[Path]]:
    """List the files of a folder by stem, without opening any.

    Hidden files, folders inside and files without one of the suffixes, in any case, are left out.

    Args:
        folder (str | Path): Where to look; folders inside are not searched.
        suffixes (Sequence[str]): Ends in lower case.
        strip (Iterable[str]): Ends of names that are no part of the stem, see :func:`bare_stem`.

    Returns:
        dict[str, list[Path]]: Files by stem, sorted; more than one where a stem is not unique.

    Raises:
        OSError: If the folder cannot be read.
    """
    files: dict[str, list[Path]] = {}
    strip = tuple(strip)
    for path in sorted(Path(folder).iterdir()):
        hidden = path.name.startswith('.')
        if not hidden and path.suffix.lower() in suffixes and not path.is_dir():
            files.setdefault(bare_stem(path, strip), []).append(path)
    return files


def paths_by_stem(folder: str | Path, suffixes: Sequence[str]) -> dict[str, str]:
    """Map the stem of each file of :func:`list_folder` to its path.

    Raises:
        PairError: If the folder cannot be read, or two files share a stem.
    """
    try:
        files = list_folder(folder, suffixes)
    except OSError as error:
        raise PairError(
            f'{folder}: cannot read the folder ({error.strerror}). Check data_root and data_prefix '
            'of the config; docs/data.md shows the layouts.'
        ) from error
    for paths in files.values():
        if len(paths) > 1:
            raise PairError(f'{paths[0]} and {paths[1]} are of one pair. Remove one of them.')
    return {stem: str(paths[0]) for stem, paths in files.items()}


def bare_stem(path: str | Path, strip: Iterable[str] = ()) -> str:
    """Name of a file without its extension and without the first of some ends that it has."""
    stem = Path(path).stem
    for end in strip:
        if end and stem.endswith(end):
            return stem.removesuffix(end)
    return stem


def read_lines(path: str | Path) -> list[str]:
    """Return the non-empty lines of a text file, stripped; raises OSError where it cannot."""
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        return [line for line in map(str.strip, file) if line]


def read_split(path: str | Path) -> list[str]:
    """Return the non-empty lines of a split file; raises PairError where it cannot be read."""
    try:
        return read_lines(path)
    except OSError as error:
        raise PairError(
            f'{path}: cannot read the split file ({error.strerror}). Check data_root and ann_file; '
            '`python tools/check_dataset.py CONFIG --make-split N` makes a split where the data '
            'set has none.'
        ) from error
