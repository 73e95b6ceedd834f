"""Reads COCO json files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from moefusion.files.boxes import Annotation, box_array
from moefusion.files.errors import AnnotationError
from moefusion.files.folders import bare_stem


def read_coco(path: Path, strip: Iterable[str] = ()) -> dict[str, Annotation]:
    """Read the boxes of every image of a COCO json file, by stem.

    Raises:
        AnnotationError: If the json is broken, or lacks a key or an id.
    """
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
        names = {category['id']: category['name'] for category in data['categories']}
        objects = {image['id']: [] for image in data['images']}
        for item in data['annotations']:
            x, y, width, height = map(float, item['bbox'])
            objects[item['image_id']].append(
                (
                    names[item['category_id']],
                    [x, y, x + width, y + height],
                    bool(item.get('iscrowd', 0)),
                )
            )
        found = {}
        for image in data['images']:
            size = (image['width'], image['height']) if 'width' in image else None
            kind, boxes, ignored = zip(*objects[image['id']]) if objects[image['id']] else [()] * 3
            found[bare_stem(image['file_name'], strip)] = Annotation(
                size, list(kind), box_array(boxes), list(ignored)
            )
        return found
    except (LookupError, TypeError, ValueError) as error:
        reason = f'no key or id {error}' if isinstance(error, LookupError) else error
        raise AnnotationError(f'{path}: not a COCO detection file ({reason})') from error
