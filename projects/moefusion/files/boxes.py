"""Boxes of one image, and the rules for them: what is clipped, dropped or counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moefusion.files.errors import AnnotationError


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
            AnnotationError: If the annotated image was of another size.
        """
        if self.size is not None and tuple(self.size) != (width, height):
            raise AnnotationError(
                f'annotated at {self.size[0]} x {self.size[1]} pixels, but the '
                f'image has {width} x {height}'
            )
        clipped = [clean_box(box, width, height)[0] for box in self.boxes.tolist()]
        kept = [i for i, box in enumerate(clipped) if box is not None]
        return Annotation(
            (width, height),
            [self.names[i] for i in kept],
            box_array([clipped[i] for i in kept]),
            [self.ignored[i] for i in kept],
        )


def clean_box(
    box: Sequence[float], width: int, height: int
) -> tuple[list[float] | None, str | None]:
    """Clip a box (x1, y1, x2, y2) to the image.

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
    if clipped[2] - clipped[0] < 1 or clipped[3] - clipped[1] < 1:
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
        lines = []
        for kind, places in sorted(found.items()):
            shown = [*places[: self.keep]] + ['...'] * (len(places) > (self.keep or len(places)))
            lines.append(f'{len(places)} x {kind}: {", ".join(shown)}')
        return lines

    def all_lines(self) -> list[str]:
        """Return the lines of the defects, then those of the notes."""
        return self.lines(self.defects) + self.lines(self.notes)


def box_array(boxes: Sequence[Sequence[float]]) -> np.ndarray:
    """Return boxes as ``M x 4``, ``float32``."""
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)
