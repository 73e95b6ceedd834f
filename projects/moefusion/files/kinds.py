"""Tells images of 8 bits, of more and of floats apart, and refuses a set that mixes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from moefusion.files.errors import PairError, first_of
from moefusion.files.headers import BITS_PER_SAMPLE
from moefusion.files.reading import opened, read_values

EIGHT, MORE, FLOATS = '8 bits', 'more than 8 bits', 'floats or degrees Celsius'
NAMED = 3  # images of each kind that a message names
SAMPLE_FORMAT, SIGNED, IEEE_FLOAT = 339, 2, 3  # a tag of TIFF, and values of it
PNG_DEPTH = 24  # where a PNG's header has its bits


def kind_of(dtype: np.dtype) -> str:
    """Return the kind of an array's values: ``EIGHT``, ``MORE`` or ``FLOATS``."""
    if dtype == np.uint8:
        return EIGHT
    return FLOATS if dtype.kind == 'f' else MORE


def read_kind(path: str | Path, celsius: bool = True) -> str | None:
    """Return the kind of an infrared image's values, of most formats by the header alone.

    Args:
        path (str | Path): image file.
        celsius (bool): whether a radiometric JPEG gives its temperatures, or its rendition.

    Returns:
        str | None: ``EIGHT``, ``MORE`` or ``FLOATS``; None of a file that cannot be read: whoever
        reads it for good says why.
    """
    try:
        with opened(path) as image:
            found = _kind_in_header(image, celsius)
    except PairError:
        found = None
    try:
        return found or kind_of(read_values(path, celsius=False).dtype)
    except PairError:
        return None


def read_kinds(paths: Iterable[str | Path]) -> dict[str, str | None]:
    """Return the kind of each infrared image by its name, see :func:`read_kind`."""
    return {str(path): read_kind(path) for path in paths}


def _kind_in_header(image: Image.Image, celsius: bool) -> str | None:
    if image.format in ('JPEG', 'MPO'):
        parts = getattr(image, 'applist', ())
        radiometric = any(part.startswith(b'FLIR\0\1') for _, part in parts)
        return FLOATS if celsius and radiometric else EIGHT
    if isinstance(image, PngImageFile) and image.fp:
        image.fp.seek(PNG_DEPTH)
        return MORE if image.fp.read(1) > b'\x08' else EIGHT
    if image.format == 'TIFF':
        tags = getattr(image, 'tag_v2', {})
        formats = tags.get(SAMPLE_FORMAT, ())
        if IEEE_FLOAT in formats:
            return FLOATS
        return MORE if SIGNED in formats or max(tags.get(BITS_PER_SAMPLE, (1,))) > 8 else EIGHT
    return EIGHT if image.format in ('BMP', 'WEBP') else None


def mixture(kinds: Mapping[str, str | None], keep: int | None = NAMED) -> str | None:
    """Say which infrared images of a set are of which kind; None if all are alike.

    One range cannot map several: images of 8 bits stay as they are beside the others, and degrees
    are not counts.

    Args:
        kinds (Mapping[str, str | None]): of each image, by its name, from :func:`read_kind`.
        keep (int, optional): how many images of the rarer kinds are named, None for all.
    """
    names: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        if kind:
            names.setdefault(kind, []).append(name)
    if len(names) < 2:
        return None
    *rare, (usual, most) = sorted(names.items(), key=lambda item: len(item[1]))
    parts = [_count(kind, found, keep) for kind, found in rare] + [_count(usual, most, NAMED)]
    return (
        f'infrared images of several kinds in one set: {"; ".join(parts)}. One range cannot map '
        'them all: export them alike, or take each kind as a set of its own.'
    )


def _count(kind: str, names: Sequence[str], keep: int | None) -> str:
    return f'{len(names)} of {kind} ({first_of(names, keep)})'


def refuse_mixture(kinds: Mapping[str, str | None]) -> None:
    """Raise PairError where :func:`mixture` finds one."""
    if problem := mixture(kinds):
        raise PairError(problem)


def refuse_deep(paths: Iterable[str | Path], side: str, alone: bool) -> None:
    """Raise PairError where images have more than 8 bits and there is no range for them.

    Args:
        paths (Iterable[str | Path]): the images.
        side (str): ``'visible'`` or ``'infrared'``.
        alone (bool): whether ``LoadImageFromFile`` reads them, which keeps 8 bits without a word.
    """
    deep = [path for path in paths if read_kind(path, celsius=False) not in (EIGHT, None)]
    if not deep:
        return
    cure = 'Map the whole set to 8 bits by one fixed range.'
    if side == 'infrared':
        cure = 'Give LoadPairedImage an infrared_range=(low, high).'
        if alone:
            cure += " Leave modality='infrared' out, and let SelectModality('infrared') follow it."
    raise PairError(
        f'{len(deep)} {side} images have more than 8 bits, such as {deep[0]}'
        f'{", of which LoadImageFromFile keeps 8" if alone else ""}. {cure}'
    )
