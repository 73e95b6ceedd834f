"""What tools and notebooks call."""
from .config import load_config
from .folder import FolderReport, fuse_pairs
from .inferencer import FusionInferencer, FusionResult
from .launch import prepare_distributed
from .pairs import find_pairs

__all__ = [
    'FolderReport', 'FusionInferencer', 'FusionResult', 'find_pairs', 'fuse_pairs', 'load_config',
    'prepare_distributed'
]
