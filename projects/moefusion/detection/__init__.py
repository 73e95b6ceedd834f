"""What the detectors need beyond MMDetection: the attention neck, a backbone with its weights."""
from .efficientnet_lite import EfficientNetLite
from .spatial_attention import SpatialAttention, find_attention

__all__ = ['EfficientNetLite', 'SpatialAttention', 'find_attention']
