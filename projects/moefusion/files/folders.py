"""Finds the files of a folder by their ids: names without extension and without some ends."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from pathlib import Path

IMAGE_SUFFIXES = (
    *('.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.bmp', '.tif', '.tiff', '.webp'),
    *('.pgm', '.ppm'),
)
# Images of phones and thermal cameras, arrays: who lists a folder should hear of these.
UNREAD_SUFFIXES = (
    *('.avif', '.cr2', '.dng', '.exr', '.fff', '.gif', '.hdr', '.heic', '.heif', '.jp2', '.jxl'),
    *('.nef', '.npy', '.raw', '.seq'),
)


def list_folder(
    folder: str | Path,
    suffixes: Sequence[str] = IMAGE_SUFFIXES,
    strip: Iterable[str] = (),
    recursive: bool = False,
) -> dict[str, list[Path]]:
    """List the files of a folder by id, without opening any.

    Hidden files and folders, and files without one of the suffixes, in any case, are left out.

    Args:
        folder (str | Path): Where to look.
        suffixes (Sequence[str]): Extensions in lower case.
        strip (Iterable[str]): Ends that are no part of the id, see :func:`without_end`.
        recursive (bool): Whether to look into the folders inside too; an id then has their
            names, ``set00/V000/I00001``. Defaults to False.

    Returns:
        dict[str, list[Path]]: Files by id, sorted; more than one where an id is not unique.

    Raises:
        OSError: If the folder cannot be read.
    """
    files: dict[str, list[Path]] = {}
    strip, root = tuple(strip), Path(folder)
    paths = _walk(root, set()) if recursive else (root / name for name in os.listdir(root))
    for path in sorted(paths):
        hidden = path.name.startswith('.')
        if not hidden and path.suffix.lower() in suffixes and not path.is_dir():
            files.setdefault(bare_stem(path.relative_to(root), strip), []).append(path)
    return files


def bare_stem(path: str | Path, strip: Iterable[str] = ()) -> str:
    """Return a path without its extension and without the first of some ends that it has.

    Letters with accents are one character each (NFC), in whatever way the file system spells them.
    """
    path = Path(path)
    stem = _composed((path.parent / path.stem).as_posix())
    found = (bare for end in strip if end and (bare := without_end(stem, end)) is not None)
    return next(found, stem)


def without_end(stem: str, end: str) -> str | None:
    """Take an end off a name without extension, None where the name has no such end.

    Args:
        stem (str): Such as ``set00/V000/visible/I00001``.
        end (str): End of the name, ``_RGB``; or, with a slash, a folder on the way, ``visible/``.
    """
    if end.endswith('/'):
        head, found, tail = f'/{stem}'.rpartition(f'/{end}')
        return f'{head}/{tail}'.strip('/') if found else None
    bare = stem.removesuffix(end)
    return bare if stem.endswith(end) and bare and not bare.endswith('/') else None


def to_id(name: str, known: Container[str], strip: Sequence[str] = ()) -> str:
    """Return the id that a line of a list or a ``file_name`` stands for.

    Args:
        name (str): An id, or a file's name with folder, extension and one of the ends.
        known (Container[str]): The ids that there are.
        strip (Sequence[str]): Ends that are no part of the id.

    Returns:
        str: The first of the name as it is, without extension and without an end that is known,
        else the last of these.
    """
    name = _composed(name.replace('\\', '/').removeprefix('./'))
    stem = bare_stem(name) if Path(name).suffix.lower() in (*IMAGE_SUFFIXES, '.xml') else name
    wanted = [name, stem, *(bare for end in strip if (bare := without_end(stem, end)))]
    return next((candidate for candidate in wanted if candidate in known), wanted[-1])


def match_ids(
    names: Iterable[str], known: Collection[str], strip: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Group the names of annotations by the ids that they stand for, see :func:`to_id`.

    A name that is no id, such as ``Vis/010001.png`` for ``010001``, or ``010001`` for
    ``train/010001``, stands for the one id that ends it, or that it ends.

    Returns:
        dict[str, list[str]]: the names by id; those that stand for none are their own.
    """
    same: dict[str, list[str]] = {}
    for pair_id in known:
        same.setdefault(Path(pair_id).name, []).append(pair_id)
    found: dict[str, list[str]] = {}
    for name in names:
        pair_id = to_id(name, known, strip)
        if pair_id not in known:
            whole = f'/{pair_id}'
            fitting = [
                other
                for other in same.get(to_id(Path(pair_id).name, same, strip), ())
                if whole.endswith(f'/{other}') or f'/{other}'.endswith(whole)
            ]
            pair_id = fitting[0] if len(fitting) == 1 else pair_id
        found.setdefault(pair_id, []).append(name)
    return found


def _composed(name: str) -> str:
    return unicodedata.normalize('NFC', name)


def _walk(folder: Path, visited: set[str]) -> Iterator[Path]:
    """All files under a folder, through links too, but none twice."""
    if (place := os.path.realpath(folder)) in visited:
        return
    visited.add(place)
    for path in sorted(folder / name for name in os.listdir(folder)):
        if not path.is_dir():
            yield path
        elif not path.name.startswith('.'):
            yield from _walk(path, visited)
