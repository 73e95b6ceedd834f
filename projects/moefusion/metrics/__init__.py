"""The eight metrics of infrared-visible image fusion; needs PyTorch and NumPy alone."""

# ruff: noqa: E402
from moefusion.extras import need

need('torch', __name__)

from moefusion.metrics.average_gradient import average_gradient
from moefusion.metrics.cue_retention import Cue, cue_retention
from moefusion.metrics.entropy import entropy
from moefusion.metrics.fusion_metrics import (
    METRIC_NAMES,
    ONE_SIDED_NAMES,
    fusion_metrics,
    one_sided_metrics,
)
from moefusion.metrics.images import GrayImages
from moefusion.metrics.inputs import PROTOCOLS, REGIONS
from moefusion.metrics.mutual_information import mutual_information
from moefusion.metrics.qabf import qabf
from moefusion.metrics.scd import sum_of_correlations_of_differences
from moefusion.metrics.spatial_frequency import spatial_frequency
from moefusion.metrics.standard_deviation import standard_deviation
from moefusion.metrics.visual_information_fidelity import visual_information_fidelity

__all__ = [
    'METRIC_NAMES',
    'ONE_SIDED_NAMES',
    'PROTOCOLS',
    'REGIONS',
    'Cue',
    'GrayImages',
    'average_gradient',
    'cue_retention',
    'entropy',
    'fusion_metrics',
    'mutual_information',
    'one_sided_metrics',
    'qabf',
    'spatial_frequency',
    'standard_deviation',
    'sum_of_correlations_of_differences',
    'visual_information_fidelity',
]
