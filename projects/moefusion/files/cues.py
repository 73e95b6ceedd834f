"""Reads boxes around what only one camera shows: COCO json with a field ``source``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from moefusion.files.coco import read_names, read_number, read_table, unique_keys
from moefusion.files.errors import AnnotationError
from moefusion.files.folders import bare_stem
from moefusion.files.text import read_text

COLOURED = ('traffic_light', 'lamp')


def read_cues(path: str | Path, strip: Iterable[str] = ()) -> dict[str, list[dict]]:
    """Read the cues of every image, by stem.

    Args:
        path (str | Path): COCO json whose annotations have ``source``, ``'visible'`` or
            ``'infrared'``.
        strip (Iterable[str]): Ends of file names that are no part of the stem.

    Returns:
        dict[str, list[dict]]: for each image its cues: ``source``, ``box`` (x, y, width, height),
        ``coloured`` and ``category``.

    Raises:
        AnnotationError: if the file is missing or broken, or a cue has no such source or no area.
    """
    try:
        data = json.loads(read_text(path), object_pairs_hook=unique_keys)
        names = read_names(read_table(data, 'categories'), 'categories', 'name')
        files = read_names(read_table(data, 'images'), 'images', 'file_name')
        stems = {key: bare_stem(name, strip) for key, name in files.items()}
        cues: dict[str, list[dict]] = {stem: [] for stem in stems.values()}
        if len(cues) < len(stems):
            raise ValueError('two images of one name, which differ by extension or end alone')
        for key, item in read_table(data, 'annotations').items():
            box = tuple(read_number(value, f'annotation {key}: bbox') for value in item['bbox'])
            if item['source'] not in ('visible', 'infrared'):
                raise ValueError(f'annotation {key}: source {item["source"]!r}')
            if len(box) != 4 or min(box[2:]) <= 0:
                raise ValueError(f'annotation {key}: box {box} has no area')
            category = names[item['category_id']]
            cue = dict(source=item['source'], box=box, coloured=category in COLOURED)
            cues[stems[item['image_id']]].append(dict(cue, category=category))
    except OSError as error:
        raise AnnotationError(f'{path}: cannot be read ({error.strerror})') from error
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        reason = f'no key or id {error}' if isinstance(error, LookupError) else error
        raise AnnotationError(
            f'{path}: not a file of cues ({reason}). It is COCO json whose annotations also have '
            'source, visible or infrared'
        ) from error
    return {stem: found for stem, found in cues.items() if found}
