"""MMEngine's evaluators of fused images, and the average precision that tables share."""

from moefusion.evaluation.average_precision import average_precision, boxes_by_class
from moefusion.evaluation.detection_metric import FusedDetectionMetric
from moefusion.evaluation.dump_predictions import DumpPredictions
from moefusion.evaluation.fusion_metric import FusionMetric

__all__ = [
    'DumpPredictions',
    'FusedDetectionMetric',
    'FusionMetric',
    'average_precision',
    'boxes_by_class',
]
