"""What the detectors need beyond MMDetection: the attention neck, backbones with their weights."""
from .csp_darknet_tiny import CSPDarknetTiny
from .efficientnet_lite import EfficientNetLite
from .spatial_attention import SpatialAttention, find_attention

__all__ = ['CSPDarknetTiny', 'EfficientNetLite', 'SpatialAttention', 'find_attention']
