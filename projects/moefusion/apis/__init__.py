"""What tools and notebooks call."""
from .config import load_config, prepare_launch
from .inferencer import FusionInferencer, FusionResult

__all__ = ['FusionInferencer', 'FusionResult', 'load_config', 'prepare_launch']
