"""Average precision of one detector's boxes: MMDetection's, with the VOC devkit's boxes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmdet.evaluation import eval_map
from mmengine.structures import InstanceData
from numpy.typing import NDArray


def boxes_by_class(found: InstanceData, num_classes: int) -> list[NDArray[Any]]:
    """Sort the detections of one image by their classes.

    Args:
        found (InstanceData): ``bboxes`` (M x 4, in pixels), ``scores`` and ``labels``.
        num_classes (int): how many classes the labels count.

    Returns:
        list[ndarray]: for each class its detections, K x 5 (x1, y1, x2, y2, score).
    """
    found = found.cpu().numpy()
    boxes = np.hstack([found.bboxes, found.scores[:, None]])
    return [boxes[found.labels == label] for label in range(num_classes)]


def average_precision(
    found: Sequence[Sequence[NDArray[Any]]],
    truths: Sequence[dict[str, NDArray[Any]]],
    classes: Sequence[str],
    iou_thr: float = 0.5,
) -> dict[str, float]:
    """AP of each class and ``mAP`` over a data set, by the area under the curve (VOC since 2010).

    Args:
        found: what :func:`boxes_by_class` gives for each image.
        truths: for each image ``bboxes`` and ``labels``, and as ``bboxes_ignore`` and
            ``labels_ignore`` the objects that count neither as found nor as missed.
        classes: names, in the order of the labels.
        iou_thr: overlap from which a detection counts; a box is x2 - x1 + 1 wide.

    Returns:
        dict[str, float]: 0 to 1 by class, then ``mAP``. ``nan`` for a class without an object,
        which does not enter the mean, and for the mean where no class has one.
    """
    mean, results = eval_map(
        found,
        truths,
        iou_thr=iou_thr,
        dataset=classes,
        logger='silent',
        eval_mode='area',
        use_legacy_coordinate=True,
    )
    scores = {
        name: float(result['ap']) if result['num_gts'] else math.nan
        for name, result in zip(classes, results)
    }
    defined = any(result['num_gts'] for result in results)
    return {**scores, 'mAP': float(mean) if defined else math.nan}
