"""What a detector finds in the source and fused images of a test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moefusion.comparison.cache import ResultCache, fingerprint
from moefusion.comparison.pairs import EvaluationSet
from moefusion.files import Range, read_infrared, read_visible
from moefusion.progress import Progress, silent

SOURCES = 'Visible', 'Infrared'


@dataclass(frozen=True)
class Detector:
    """What finds objects in the images of a test set.

    Attributes:
        key (str): tells it from others, and from itself with other weights.
        classes (Sequence[str]): what it finds, in the order of its answer.
        find (Callable): gives :func:`moefusion.evaluation.boxes_by_class` of an image H x W x 3
            (B, G, R).
        title (str): of its table.
        note (str): how it looked, for the line below the table.
        rename (Callable): gives its name of a class in the annotations.
    """

    key: str
    classes: Sequence[str]
    find: Callable[[np.ndarray], list[np.ndarray]]
    title: str = 'Detection'
    note: str = 'one detector for all rows'
    rename: Callable[[str], str] = str


def detect(
    detector: Detector,
    images: EvaluationSet,
    progress: Progress = silent,
    cache: ResultCache | None = None,
) -> dict[str, list[list[np.ndarray]]]:
    """Detect on visible, infrared and every method's images.

    Args:
        detector (Detector): what looks at them.
        images (EvaluationSet): the test set.
        progress (Progress): wraps the iterator over images, given their number.
        cache (ResultCache, optional): the detections of earlier runs; takes the new ones as they
            come.

    Returns:
        dict[str, list]: for each folder and image :func:`moefusion.evaluation.boxes_by_class`;
        nothing in a process that does not lead.
    """
    store = cache or ResultCache()
    folders = {'Visible': images.visible, 'Infrared': images.infrared, **images.fused}
    steps = [(name, stem, files[stem]) for name, files in folders.items() for stem in images.stems]

    def run(some: Mapping[str, tuple[str, str, Path]]) -> None:
        for key, (name, _, path) in progress(some.items(), len(some)):
            image = _read(path, images.infrared_range if name == 'Infrared' else None)
            store.add(key, [boxes.tolist() for boxes in detector.find(image)])

    keys = {
        fingerprint([step[2]], step[:2], images.infrared_range, detector.key): step
        for step in steps
    }
    found: dict[str, list[list[np.ndarray]]] = {}
    for step, classes in zip(steps, store.complete(keys, run)):
        boxes = [np.array(rows, np.float32).reshape(-1, 5) for rows in classes]
        found.setdefault(step[0], []).append(boxes)
    return found


def _read(path: Path, infrared_range: Range | None) -> np.ndarray:
    """H x W x 3 (B, G, R); of an infrared image with a range, the same three times."""
    if infrared_range is None:
        return read_visible(path)
    return np.dstack([read_infrared(path, infrared_range)] * 3)
