"""Boxes of one image, and the rules for them: what is clipped, dropped or counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from moefusion.files.errors import AnnotationError, first_of

Object = tuple[str, Sequence[float], bool, str]  # name, box, ignored, place
ROUNDING = 1e-6  # of sums such as x + width


@dataclass(frozen=True)
class Annotation:
    """Objects of one image; boxes are 0-based (x1, y1, x2, y2) in pixels.

    Attributes:
        size (tuple[int, int] | None): Width and height of the image that was annotated.
        names (list[str]): Class of each object.
        boxes (ndarray): ``M x 4``, not clipped.
        ignored (list[bool]): VOC's ``difficult``, COCO's ``iscrowd``.
        places (list[str]): Where each object is written, for messages.
    """

    size: tuple[int, int] | None
    names: list[str]
    boxes: np.ndarray
    ignored: list[bool]
    places: list[str] = field(default_factory=list)

    def usable(self, width: int, height: int, findings: Findings | None = None) -> Annotation:
        """Clip the boxes to the image and drop those of which nothing is left.

        Args:
            width (int): Width of the image.
            height (int): Its height.
            findings (Findings, optional): Counts what was clipped or dropped.

        Raises:
            AnnotationError: If the annotated image was of another size.
        """
        if self.size is not None and tuple(self.size) != (width, height):
            raise AnnotationError(
                f'annotated at {self.size[0]} x {self.size[1]} pixels, but the '
                f'image has {width} x {height}'
            )
        findings = findings or Findings()
        self.count_twins(findings)
        kept = [
            (name, box, ignored, place)
            for name, corners, ignored, place in self.objects()
            if (box := findings.usable(corners, width, height, place)) is not None
        ]
        return make_annotation((width, height), kept)

    def count_twins(self, findings: Findings) -> None:
        """Note each object that has name and box of an earlier one; it is read all the same."""
        seen: set[tuple[str, tuple[float, ...]]] = set()
        for name, corners, _, place in self.objects():
            twin = name, tuple(corners)
            if twin in seen:
                findings.add('box given twice, read as often', place)
            seen.add(twin)

    def objects(self) -> Iterator[Object]:
        """Each object's name, box, flag and place."""
        places = self.places or [''] * len(self.names)
        return zip(self.names, self.boxes.tolist(), self.ignored, places)

    @classmethod
    def empty(cls) -> Annotation:
        """Return the annotation of an image without objects, of any size."""
        return make_annotation(None, [])


def make_annotation(size: tuple[int, int] | None, objects: Sequence[Object]) -> Annotation:
    """Annotation of objects (name, box, ignored, place)."""
    names, boxes, ignored, places = map(list, zip(*objects)) if objects else ([], [], [], [])
    return Annotation(size, names, np.array(boxes, float).reshape(-1, 4), ignored, places)


def read_flag(value: object) -> bool:
    """Read a flag as people write it: a number, a JSON or Python boolean, or a word.

    Raises:
        ValueError: If it is neither yes nor no.
    """
    word = '' if value is None else str(value).strip().lower()
    if word in ('1', '1.0', 'true', 'yes'):
        return True
    if word in ('', '0', '0.0', 'false', 'no', 'none', 'unspecified'):
        return False
    raise ValueError(f'{value!r} is neither 0 nor 1')


def clean_box(
    box: Sequence[float], width: int, height: int
) -> tuple[list[float] | None, str | None]:
    """Clip a box to the image.

    Args:
        box (Sequence[float]): x1, y1, x2, y2 in pixels, 0-based.
        width (int): Width of the image in pixels.
        height (int): Its height.

    Returns:
        tuple: the clipped box, or None if nothing usable is left, and what was wrong with it: None,
        'inverted', 'outside the image', 'partly outside the image' (clipped) or 'thinner than a
        pixel'. An overhang of up to one pixel is rounding, clipped without a word.
    """
    x1, y1, x2, y2 = box
    if x2 < x1 or y2 < y1:
        return None, 'inverted'
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        return None, 'outside the image'
    clipped = [max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))]
    if min(clipped[2] - clipped[0], clipped[3] - clipped[1]) < 1 - ROUNDING:
        return None, 'thinner than a pixel'
    overhang = max(abs(a - b) for a, b in zip(box, clipped))
    return clipped, 'partly outside the image' if overhang > 1 else None


class Findings:
    """Counts what reading annotations changed, and keeps the first places of each kind.

    Defects are boxes that had to be dropped; notes are boxes clipped to the image and classes left
    out on purpose.

    Args:
        keep (int, optional): how many places of each kind the lines name, None for all.
    """

    def __init__(self, keep: int | None = 3) -> None:
        """Start with nothing found."""
        self.keep = keep
        self.defects: dict[str, list[str]] = {}
        self.notes: dict[str, list[str]] = {}

    def add(self, kind: str, place: str | Path, defect: bool = False) -> None:
        """Count one finding of a kind and remember where it was."""
        (self.defects if defect else self.notes).setdefault(kind, []).append(str(place))

    def usable(
        self, box: Sequence[float], width: int, height: int, place: str | Path
    ) -> list[float] | None:
        """Return :func:`clean_box`'s box, after noting what was wrong with it."""
        kept, wrong = clean_box(box, width, height)
        if wrong:
            self.add(f'box {wrong}, {"clipped" if kept else "dropped"}', place, defect=kept is None)
        return kept

    def lines(self, found: Mapping[str, Sequence[str]]) -> list[str]:
        """Return one line for each kind of ``defects`` or ``notes``: its count and first places."""
        return [
            f'{len(places)} x {kind}: {first_of(places, self.keep)}'
            for kind, places in sorted(found.items())
        ]

    def all_lines(self) -> list[str]:
        """Return the lines of the defects, then those of the notes."""
        return self.lines(self.defects) + self.lines(self.notes)
