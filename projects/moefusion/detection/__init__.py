"""What the detectors need beyond MMDetection: the attention neck, a backbone with its weights."""

from moefusion.detection.csp_darknet_tiny import CSPDarknetTiny
from moefusion.detection.spatial_attention import (
    SpatialAttention,
    as_at_test,
    capture_attention,
    find_attention,
)

__all__ = [
    'CSPDarknetTiny',
    'SpatialAttention',
    'as_at_test',
    'capture_attention',
    'find_attention',
]
