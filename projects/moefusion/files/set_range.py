"""The range of infrared values of a whole set: found by percentiles, stored, read again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from moefusion.files.errors import PairError
from moefusion.files.kinds import EIGHT, kind_of, read_kinds, refuse_mixture
from moefusion.files.levels import Range, check_range
from moefusion.files.reading import read_values
from moefusion.files.text import read_text
from moefusion.files.writing import write_file
from moefusion.progress import Progress, silent

PERCENTILES = 0.1, 99.9
SAMPLES = 20_000_000  # values that are kept of a set, 80 MB
RANGE_FILE = 'infrared_range.json'


def find_range(paths: Iterable[str | Path], progress: Progress = silent) -> Range | None:
    """Percentiles of the values of all images of a set that are not 8-bit.

    Of large sets a regular sample of each image's pixels counts, 20 million values in all. Images
    that cannot be read do not count: whoever reads them for good names them.

    Args:
        paths (Iterable[str | Path]): the set's infrared images.
        progress (Progress): wraps the iterator over files, given their number.

    Returns:
        tuple[float, float] | None: low and high; None where all images have 8 bits.

    Raises:
        PairError: if no value is finite, all are one, or images are of several kinds (8 bits, more,
            floats).
        ValueError: if it is one path, such as a folder's, and no list of them.
        ImportError: for a radiometric JPEG without the extra ``thermal``.
    """
    if isinstance(paths, (str, Path)):
        raise ValueError(
            f'find_range takes a list of images, but {paths} is one path: give '
            "Path(folder).glob('*.png')"
        )
    return _measure(list(paths), progress)[0]


def _measure(
    files: Sequence[str | Path], progress: Progress
) -> tuple[Range | None, dict[str, str | None]]:
    """The range of a set, and the kind of each image in it, while all are open."""
    share = max(SAMPLES // max(len(files), 1), 100)
    found: list[np.ndarray] = []
    kinds: dict[str, str | None] = {}
    for path in progress(files, len(files)):
        try:
            values = read_values(path)
        except PairError:
            continue
        kinds[str(path)] = kind_of(values.dtype)
        if values.dtype != np.uint8:
            values = values.ravel()[:: values.size // share | 1].astype(np.float32)
            found.append(values[np.isfinite(values)])
    refuse_mixture(kinds)
    if not found:
        return None, kinds
    finite = np.concatenate(found)
    if not finite.size:
        raise PairError('the infrared images hold no finite value: no range can be found')
    low, high = np.percentile(finite, PERCENTILES).tolist()
    if not low < high:
        raise PairError(f'the infrared images hold the value {low:g} alone: no range can be found')
    return (low, high), kinds


def choose_range(
    wanted: Sequence[str] | None,
    paths: Iterable[str | Path],
    out_dir: str | Path,
    progress: Progress = silent,
) -> Range | None:
    """What the flag ``--infrared-range`` asks for; of ``auto``, say what it is and keep it.

    With any range, the images are looked at first: they must be of one kind.

    Args:
        wanted (Sequence[str], optional): two numbers, ``auto``, or a file that ``auto`` wrote.
        paths (Iterable[str | Path]): the set's infrared images.
        out_dir (str | Path): where ``infrared_range.json`` goes, or is.
        progress (Progress): as in :func:`find_range`.

    Returns:
        tuple[float, float] | None: low and high; None where nothing is wanted, or where ``auto``
        finds that all images have 8 bits.

    Raises:
        ValueError: if it is none of these, or the file holds no range.
        PairError: as of :func:`find_range`.
        OSError: if the file cannot be read or written.
    """
    if not wanted:
        return None
    files = list(paths)
    chosen, kinds = _asked_for(wanted, files, Path(out_dir, RANGE_FILE), progress)
    if kinds is None:
        kinds = read_kinds(files)
        refuse_mixture(kinds)
    if set(kinds.values()) - {None} == {EIGHT}:
        print('infrared range: all images have 8 bits, none is mapped')
    return chosen


def _asked_for(
    wanted: Sequence[str], files: Sequence[str | Path], kept: Path, progress: Progress
) -> tuple[Range | None, dict[str, str | None] | None]:
    """The range; and the kinds of the images, where they had to be opened for it."""
    if len(wanted) > 1:
        return check_range([_number(text) for text in wanted]), None
    automatic = wanted[0] == 'auto'
    file = kept if automatic else Path(wanted[0])
    if not automatic or file.exists():
        found = _load(file, files if automatic else ())
        print(f'infrared range {found[0]:.9g} to {found[1]:.9g}, from {file}')
        return found, None
    chosen, kinds = _measure(files, progress)
    if chosen is not None:
        folder = os.path.commonpath([_folder(path) for path in files])
        about = dict(percentiles=PERCENTILES, images=len(files), folder=folder)
        data = json.dumps(dict(infrared_range=chosen) | about, indent=2)
        write_file(file, data.encode())
        print(f'infrared range {chosen[0]:.9g} to {chosen[1]:.9g}, kept in {file}')
    return chosen, kinds


def _folder(path: str | Path) -> str:
    return os.path.realpath(Path(path).parent)


def _load(file: Path, paths: Iterable[str | Path] = ()) -> Range:
    """The range in a file that ``auto`` wrote for a folder, which should hold the images."""
    try:
        data = json.loads(read_text(file))
        found, folder = check_range(data['infrared_range']), data.get('folder')
        strange = [path for path in paths if folder and not _is_in(path, str(folder))]
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(
            f'{file}: holds no infrared_range ({error}). Delete it, and auto makes it again.'
        ) from error
    if found is None:
        raise ValueError(f'{file}: infrared_range is null. Delete it, and auto makes it again.')
    if strange:
        raise ValueError(
            f'{file}: is the range of the images in {folder}, but {strange[0]} is another data '
            f'set. Choose another output folder, or write --infrared-range {file} to use it all '
            'the same.'
        )
    return found


def _is_in(path: str | Path, folder: str) -> bool:
    return Path(_folder(path)).is_relative_to(folder)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f'--infrared-range takes LOW HIGH, auto, or a file that auto wrote, but not {text!r}'
        ) from None
