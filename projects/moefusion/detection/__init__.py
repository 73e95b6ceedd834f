"""What the detectors need beyond MMDetection: the spatial attention neck."""
from .spatial_attention import SpatialAttention, find_attention

__all__ = ['SpatialAttention', 'find_attention']
