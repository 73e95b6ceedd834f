"""Scores source and fused images with YOLOv4-tiny, trained on COCO alone: AP at IoU 0.5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import cv2
import numpy as np

from moefusion.comparison.detection_table import (
    IOU,
    SOURCES,
    detector_images,
    ground_truth,
    left_out_classes,
)
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.tables import Table, score_rows
from moefusion.detection.csp_darknet_tiny import weights_file
from moefusion.evaluation import average_precision

CLASSES = 'person', 'bicycle', 'car'  # the first of COCO's
OTHER_NAMES = {'people': 'person', 'pedestrian': 'person', 'bike': 'bicycle'}
SIDE, STEP = 832, 32  # pixels: objects in these data sets are small; the network's coarsest cell
LEAST_SCORE, OVERLAP = 0.005, 0.45  # Darknet's own, for the mean average precision


class CocoDetector:
    """YOLOv4-tiny (Wang, Bochkovskiy and Liao, 2021) with Darknet's weights, run by OpenCV.

    Raises:
        EvaluationError: if OpenCV does not read Darknet's networks, as from 5 on.
        ImportError: if the package with the weights is not installed.
        ValueError: if its file is not the published one.
    """

    def __init__(self) -> None:
        if not hasattr(cv2.dnn, 'readNetFromDarknet'):
            raise EvaluationError(
                f'--coco-detector: OpenCV {cv2.__version__} does not read Darknet networks. '
                "Install one that does: pip install 'opencv-python-headless<5'"
            )
        weights = weights_file()
        network = cv2.dnn.readNetFromDarknet(str(weights.with_suffix('.cfg')), str(weights))
        self.model = cv2.dnn.DetectionModel(network)
        self.model.setInputParams(scale=1 / 255, swapRB=True)

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        """Detect on one image.

        Args:
            image (np.ndarray): H x W x 3, uint8, B, G, R; scaled until its longer side has
                ``SIDE`` pixels.

        Returns:
            list[np.ndarray]: for each of ``CLASSES`` M x 5 (x1, y1, x2, y2, score) in pixels.
        """
        height, width = image.shape[:2]
        scale = SIDE / max(height, width) / STEP
        self.model.setInputSize(*(max(round(size * scale), 1) * STEP for size in (width, height)))
        labels, scores, boxes = self.model.detect(image, LEAST_SCORE, OVERLAP)
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        found = np.hstack([corners, np.array(scores, np.float32)[:, None]])
        return [found[np.array(labels, int) == label] for label in range(len(CLASSES))]


def coco_table(
    images: EvaluationSet,
    progress: Callable[[Iterable, int], Iterable] = lambda items, total: items,
) -> Table:
    """Detect on visible, infrared and every method's images and compare with the boxes.

    Args:
        images (EvaluationSet): the test set, with annotations. Classes are compared in lower case;
            M3FD's ``People`` are persons.
        progress (Callable): wraps the iterator over images, given their number.

    Returns:
        Table: AP of each class that has objects, and mAP over these, in percent.

    Raises:
        EvaluationError: if a method has the name of a source's row, or no box is of ``CLASSES``.
    """
    images.check_names(SOURCES)
    unknown: Counter[str] = Counter()
    truth = []
    for stem in images.stems:
        objects = (images.annotations or {})[stem]
        names = [OTHER_NAMES.get(name.lower(), name.lower()) for name in objects.names]
        truth.append(ground_truth(replace(objects, names=names), CLASSES, unknown))
    if not any(len(each['labels']) for each in truth):
        raise EvaluationError(
            f'--coco-detector: no box of {", ".join(CLASSES)} in these images; there are '
            f'{", ".join(unknown) or "no boxes"}'
        )
    detector = CocoDetector()
    steps = detector_images(images)
    found: dict[str, list[list[np.ndarray]]] = {}
    for step in progress(steps, len(steps)):
        found.setdefault(step.method, []).append(detector(step.read()))
    scores = {name: average_precision(each, truth, CLASSES, IOU) for name, each in found.items()}
    notes = [
        f'AP at IoU {IOU} in percent on {len(images.stems)} images, by YOLOv4-tiny, the '
        f'longer side at {SIDE} pixels, as trained on COCO. Only fusion methods are ranked.'
    ]
    notes += left_out_classes('other classes', unknown)
    title = 'Detection by YOLOv4-tiny, trained on COCO'
    return Table(title, 100 * score_rows(scores), SOURCES, digits=2, notes=notes)
