"""The eight metrics of infrared-visible image fusion; needs PyTorch and NumPy alone."""
from .average_gradient import average_gradient
from .entropy import entropy
from .fusion_metrics import METRIC_NAMES, fusion_metrics
from .images import GrayImages
from .inputs import PROTOCOLS
from .mutual_information import mutual_information
from .qabf import qabf
from .scd import sum_of_correlations_of_differences
from .spatial_frequency import spatial_frequency
from .standard_deviation import standard_deviation
from .visual_information_fidelity import visual_information_fidelity

__all__ = [
    'GrayImages', 'METRIC_NAMES', 'PROTOCOLS', 'average_gradient', 'entropy', 'fusion_metrics',
    'mutual_information', 'qabf', 'spatial_frequency', 'standard_deviation',
    'sum_of_correlations_of_differences', 'visual_information_fidelity'
]
