"""Finds the files of a data set: folders by stem, split files."""

import os

from moefusion.files.images import PairError

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')


def read_lines(path):
    """Return the non-empty lines of a text file, stripped; raises OSError where it cannot."""
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        return [line for line in map(str.strip, file) if line]


def read_split(path):
    """Return the non-empty lines of a split file; raises PairError where it cannot be read."""
    try:
        return read_lines(path)
    except OSError as error:
        raise PairError(
            f'{path}: cannot read the split file ({error.strerror}). Check data_root and ann_file; '
            '`python tools/check_dataset.py CONFIG --make-split N` makes a split where the data '
            'set has none.'
        ) from error


def paths_by_stem(folder, suffixes):
    """Map the stem of each file with one of the suffixes to its path, without opening any.

    Raises:
        PairError: the folder cannot be read, or two files share a stem.
    """
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith('.'))
    except OSError as error:
        raise PairError(
            f'{folder}: cannot read the folder ({error.strerror}). Check data_root and data_prefix '
            'of the config; docs/data.md shows the layouts.'
        ) from error
    paths = {}
    for stem, end in map(os.path.splitext, names):
        if end.lower() in suffixes:
            path = os.path.join(folder, stem + end)
            if paths.setdefault(stem, path) != path:
                raise PairError(f'{paths[stem]} and {path} are of one pair. Remove one of them.')
    return paths
