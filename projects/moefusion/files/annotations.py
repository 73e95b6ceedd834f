"""Boxes of a test set, from COCO json or a folder of VOC XML files.

The rules for boxes are those of ``moefusion.datasets``, imported where they are needed: without
annotations, scoring needs no mm*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from moefusion.image import boxes_to_mask

REGIONS = ('whole', 'foreground', 'background')


class EvaluationError(ValueError):
    """Files that cannot be scored: the message says which and why."""


@dataclass(frozen=True)
class Annotation:
    """Objects of one image; boxes are 0-based (x1, y1, x2, y2) in pixels.

    Attributes:
        size (tuple[int, int] | None): Width and height of the image that was annotated.
        names (list[str]): Class of each object.
        boxes (ndarray): ``M x 4``, ``float32``, not clipped.
        ignored (list[bool]): VOC's ``difficult``, COCO's ``iscrowd``.
    """

    size: tuple[int, int] | None
    names: list[str]
    boxes: np.ndarray
    ignored: list[bool]

    def usable(self, width: int, height: int) -> Annotation:
        """Clip the boxes to the image and drop those of which nothing is left.

        The rules are those of the data sets that train the models (``PairedXMLDataset``).

        Raises:
            EvaluationError: If the annotated image was of another size.
        """
        from moefusion.files.voc import clean_box

        if self.size is not None and tuple(self.size) != (width, height):
            raise EvaluationError(
                f'annotated at {self.size[0]} x {self.size[1]} pixels, but the '
                f'image has {width} x {height}'
            )
        clipped = [clean_box(box, width, height)[0] for box in self.boxes.tolist()]
        kept = [i for i, box in enumerate(clipped) if box is not None]
        return Annotation(
            (width, height),
            [self.names[i] for i in kept],
            _boxes([clipped[i] for i in kept]),
            [self.ignored[i] for i in kept],
        )


def foreground_mask(annotation: Annotation, width: int, height: int) -> np.ndarray:
    """Pixels that a box touches (paper, section D), ``H x W``, ``bool``.

    Objects marked difficult or crowd are no foreground, as in training and in ``FusionMetric``.
    """
    objects = annotation.usable(width, height)
    boxes = objects.boxes[~np.array(objects.ignored, dtype=bool)]
    return boxes_to_mask(torch.from_numpy(boxes), height, width)[0].bool().numpy()


def read_annotations(
    path: str | Path, stems: Iterable[str], strip: Iterable[str] = ()
) -> tuple[dict[str, Annotation], dict[str, str]]:
    """Read the boxes of some images.

    Args:
        path (str | Path): A COCO json file, or a folder with a VOC XML file for each image.
        stems (Iterable[str]): Names of the images without extension.
        strip (Iterable[str]): Ends of file names that are no part of the stem.

    Returns:
        tuple[dict, dict]: Annotations by stem, and by stem the reason why there is none.

    Raises:
        EvaluationError: If the path is neither, or the json is broken.
    """
    path = Path(path)
    if path.is_dir():
        files = {bare_stem(file, strip): file for file in sorted(path.glob('*.xml'))}
        if not files:
            raise EvaluationError(f'{path}: no .xml file in this folder')
        return _read_all(stems, lambda stem: _from_voc(files[stem]), files)
    if path.suffix.lower() != '.json' or not path.is_file():
        raise EvaluationError(f'{path}: expected a COCO .json file or a folder of VOC .xml files')
    images = _read_coco(path, strip)
    return _read_all(stems, images.__getitem__, images)


def bare_stem(path: Path | str, strip: Iterable[str] = ()) -> str:
    """Name of a file without its extension and without the first of some ends that it has."""
    stem = Path(path).stem
    for end in strip:
        if end and stem.endswith(end):
            return stem.removesuffix(end)
    return stem


def _read_all(stems, read, known) -> tuple[dict[str, Annotation], dict[str, str]]:
    annotations, problems = {}, {}
    for stem in stems:
        if stem not in known:
            problems[stem] = 'no annotation'
            continue
        try:
            annotations[stem] = read(stem)
        except ValueError as error:
            problems[stem] = str(error)
    return annotations, problems


def _from_voc(path: Path) -> Annotation:
    from moefusion.files.voc import read_voc

    size, objects = read_voc(path)
    return Annotation(
        size,
        [name for name, _, _ in objects],
        _boxes([box for _, box, _ in objects]),
        [difficult for _, _, difficult in objects],
    )


def _read_coco(path: Path, strip: Iterable[str]) -> dict[str, Annotation]:
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
                size, list(kind), _boxes(boxes), list(ignored)
            )
        return found
    except (LookupError, TypeError, ValueError) as error:
        reason = f'no key or id {error}' if isinstance(error, LookupError) else error
        raise EvaluationError(f'{path}: not a COCO detection file ({reason})') from error


def _boxes(boxes) -> np.ndarray:
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)
