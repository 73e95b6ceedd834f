"""Reads COCO json files: each annotation is read, dropped and counted, or the file is refused."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moefusion.files.boxes import Annotation, Findings, make_annotation, read_flag
from moefusion.files.errors import AnnotationError
from moefusion.files.text import read_text

Entry = dict[str, Any]
NO_CROWD = '0', '0.0', 'false', 'False', 'no'
CURE = 'Repair the json; images, annotations and categories are described at cocodataset.org'


@dataclass(frozen=True)
class CocoImage:
    """One image of a COCO file: its id, its ``file_name`` and its objects."""

    id: int | str
    file_name: str
    annotation: Annotation


@dataclass(frozen=True)
class CocoFile:
    """What a COCO file holds: images in its order, names of the categories in its order."""

    images: list[CocoImage]
    categories: list[str]


def read_coco(
    path: str | Path, findings: Findings | None = None, labelled: bool = True
) -> CocoFile:
    """Read a COCO json file.

    As in MMDetection, annotations with ``ignore`` or without area are left out and ``iscrowd``
    marks those that are ignored; an area that is not given is the box's. What cannot be read of
    an annotation drops it; what cannot be read of images and categories refuses the file.

    Args:
        path (str | Path): The file.
        findings (Findings, optional): Counts the annotations that are left out.
        labelled (bool): False reads the images alone. Defaults to True.

    Raises:
        AnnotationError: If the file cannot be read or is no COCO file, an id is missing or given
            twice, two images have one ``file_name``, two categories one name, or a size is no
            whole number.
    """
    findings = findings or Findings()
    try:
        data = json.loads(read_text(path), object_pairs_hook=unique_keys)
        images = read_table(data, 'images')
        categories = read_table(data, 'categories') if labelled else {}
        annotations = read_table(data, 'annotations') if labelled else {}
        files = read_names(images, 'images', 'file_name')
        names = read_names(categories, 'categories', 'name')
        sizes = {key: _size(f'images, id {key!r}', image) for key, image in images.items()}
    except OSError as error:
        raise AnnotationError(
            f'{path}: cannot be read ({error.strerror}). Check the path, in a config data_root and '
            'ann_file.'
        ) from error
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        reason = f'no key {error}' if isinstance(error, KeyError) else error
        raise AnnotationError(f'{path}: not a COCO detection file ({reason}). {CURE}.') from error
    objects: dict[Any, list] = {key: [] for key in images}
    for key, item in annotations.items():
        image, category = item.get('image_id'), item.get('category_id')
        place = f'{files[image]} (annotation {key})' if _in(image, files) else f'annotation {key}'
        if key == 0:
            findings.add("annotation id 0, which pycocotools' mAP takes for not found", place)
        if 'area' not in item:
            findings.add("annotation without the key area, which pycocotools' mAP needs", place)
        if isinstance(flag := item.get('iscrowd'), str) and flag in NO_CROWD:
            findings.add(f"iscrowd {flag!r}, which pycocotools' mAP takes for yes", place)
        if not _in(image, files):
            findings.add('annotation of no image (image_id), dropped', place, defect=True)
        elif not _in(category, names):
            findings.add('annotation of no category (category_id), dropped', place, defect=True)
        elif (found := _object(item, findings, place)) is not None:
            objects[image].append((names[category], *found, place))
    return CocoFile(
        [
            CocoImage(key, name, make_annotation(sizes[key], objects[key]))
            for key, name in files.items()
        ],
        list(names.values()),
    )


def _object(item: Entry, findings: Findings, place: str) -> tuple[list[float], bool] | None:
    """Box and flag of an annotation, None if it is left out."""
    try:
        box = [read_number(value, 'bbox') for value in item['bbox']]
        x, y, width, height = box
        area = read_number(item.get('area', width * height), 'area')
        ignore = read_flag(item.get('ignore'))
        crowd = read_flag(item.get('iscrowd'))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        findings.add(
            'annotation whose bbox, area, ignore or iscrowd is no such value, dropped',
            place,
            defect=True,
        )
        return None
    if ignore:
        findings.add('annotation marked ignore, dropped', place)
        return None
    if area <= 0 < min(width, height):
        findings.add('annotation without area, dropped', place, defect=True)
        return None
    return [x, y, x + width, y + height], crowd


def read_number(value: object, what: str) -> float:
    """A finite number that JSON has as one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f'{what} {value!r} is not a number')
    return float(value)


def _in(value: object, known: dict) -> bool:
    return isinstance(value, (int, float, str)) and not isinstance(value, bool) and value in known


def unique_keys(pairs: list[tuple[str, Any]]) -> Entry:
    """The ``object_pairs_hook`` that refuses a key given twice, of which JSON keeps the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f'a key twice in one of the objects with the keys {sorted(found)[:9]}')
    return found


def read_table(data: Entry, key: str) -> dict[Any, Entry]:
    """The entries of one of the file's lists, by id."""
    if not isinstance(data, dict) or not isinstance(data[key], list):
        raise ValueError(f'{key} is not a list')
    found: dict[Any, Entry] = {}
    for number, entry in enumerate(data[key]):
        name = entry.get('id') if isinstance(entry, dict) else None
        if isinstance(name, bool) or not isinstance(name, (int, str)):
            raise ValueError(f'{key}[{number}] has no id, a whole number')
        if name in found:
            raise ValueError(f'id {name!r} twice in {key}')
        found[name] = entry
    return found


def read_names(entries: dict[Any, Entry], table: str, key: str) -> dict[Any, str]:
    """One text field of the entries by id; no two may have the same."""
    found: dict[Any, str] = {}
    seen = set()
    for number, entry in entries.items():
        name = entry.get(key)
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'{table}, id {number!r}: no {key}')
        if name in seen:
            raise ValueError(f'{table}, id {number!r}: {key} {name!r} is there twice')
        seen.add(name)
        found[number] = name
    return found


def _size(place: str, image: Entry) -> tuple[int, int] | None:
    """Width and height, None where they are missing or zero."""
    size = [read_number(image.get(key) or 0, f'{place}: {key}') for key in ('width', 'height')]
    if min(size) < 0 or any(value != int(value) for value in size):
        raise ValueError(f'{place}: width and height {size} are no pixels')
    return (int(size[0]), int(size[1])) if min(size) else None
