"""YOLOv4-tiny, trained on COCO alone, as a detector that scores source and fused images."""

from __future__ import annotations

import cv2
import numpy as np

from moefusion.comparison.cache import fingerprint
from moefusion.comparison.detections import Detector
from moefusion.comparison.errors import EvaluationError
from moefusion.detection.csp_darknet_tiny import weights_file

CLASSES = 'person', 'bicycle', 'car'  # the first of COCO's
OTHER_NAMES = {'people': 'person', 'pedestrian': 'person', 'bike': 'bicycle'}
SIDE, STEP = 832, 32  # pixels: objects in these data sets are small; the network's coarsest cell
LEAST_SCORE, OVERLAP = 0.005, 0.45  # Darknet's own, for the mean average precision


def coco_detector() -> Detector:
    """YOLOv4-tiny (Wang, Bochkovskiy and Liao, 2021) with Darknet's weights, run by OpenCV.

    Images are scaled until their longer side has ``SIDE`` pixels. Classes are compared in lower
    case; M3FD's ``People`` are persons.

    Raises:
        EvaluationError: if OpenCV does not read Darknet's networks, as from 5 on.
        ImportError: if the package with the weights is not installed.
        ValueError: if its file is not the published one.
    """
    if not hasattr(cv2.dnn, 'readNetFromDarknet'):
        raise EvaluationError(
            f'--coco-detector: OpenCV {cv2.__version__} does not read Darknet networks. '
            "Install one that does: pip install 'opencv-python-headless<5'"
        )
    weights = weights_file()
    network = cv2.dnn.readNetFromDarknet(str(weights.with_suffix('.cfg')), str(weights))
    model = cv2.dnn.DetectionModel(network)
    model.setInputParams(scale=1 / 255, swapRB=True)

    def find(image: np.ndarray) -> list[np.ndarray]:
        height, width = image.shape[:2]
        scale = SIDE / max(height, width) / STEP
        model.setInputSize(*(max(round(size * scale), 1) * STEP for size in (width, height)))
        labels, scores, boxes = model.detect(image, LEAST_SCORE, OVERLAP)
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        found = np.hstack([corners, np.array(scores, np.float32)[:, None]])
        return [found[np.array(labels, int) == label] for label in range(len(CLASSES))]

    return Detector(
        fingerprint([weights], SIDE, LEAST_SCORE, OVERLAP),
        CLASSES,
        find,
        'Detection by YOLOv4-tiny, trained on COCO',
        f'by YOLOv4-tiny as trained on COCO, the longer side at {SIDE} pixels',
        lambda name: OTHER_NAMES.get(name.lower(), name.lower()),
    )
