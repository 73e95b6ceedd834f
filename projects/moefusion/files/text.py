"""Reads text files as people save them: any line ends, byte order marks, UTF-8, -16 and -32."""

from __future__ import annotations

import io
import json
from pathlib import Path

from moefusion.files.errors import PairError

MARK = '\ufeff'  # byte order mark


def read_text(path: str | Path) -> str:
    """Read a text file.

    A byte order mark or the place of its zero bytes tells the encoding; without either it is
    UTF-8. Bytes that are not UTF-8 stay what they are, as in file names (``surrogateescape``).

    Raises:
        OSError: if the file cannot be read.
        PairError: if it is broken UTF-16 or UTF-32, or holds zero characters.
    """
    data = Path(path).read_bytes()
    try:
        text = data.decode(json.detect_encoding(data), 'surrogateescape')
        if '\0' in text:
            raise ValueError('zero characters')
    except ValueError as error:
        raise PairError(f'{path}: not a text file ({error}). Save it as UTF-8.') from error
    return text


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a list of names, without blanks around them, empty ones and comments.

    A byte order mark may begin any line, as joined files have it.

    Raises:
        OSError: if the file cannot be read.
        PairError: if it is no text, or no line is left. A comment starts with ``#``.
    """
    lines = [
        line.strip().lstrip(MARK).strip() for line in io.StringIO(read_text(path), newline=None)
    ]
    if names := [line for line in lines if line and not line.startswith('#')]:
        return names
    raise PairError(f'{path}: no name in this list. Write one a line, or leave the list out.')


def read_split(path: str | Path) -> list[str]:
    """Return the names in a split file, see :func:`read_lines`; raises PairError in any case."""
    try:
        return read_lines(path)
    except OSError as error:
        raise PairError(
            f'{path}: cannot read the split file ({error.strerror}). Check data_root and ann_file; '
            '`python tools/check_dataset.py CONFIG --make-split N` makes a split where the data '
            'set has none.'
        ) from error
