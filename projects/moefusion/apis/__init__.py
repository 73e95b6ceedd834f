"""What tools and notebooks call."""

from moefusion.apis.config import load_config
from moefusion.apis.folder import FolderReport, fuse_pairs
from moefusion.apis.inferencer import FusionInferencer, FusionResult
from moefusion.apis.launch import prepare_distributed
from moefusion.files import find_pairs

__all__ = [
    'FolderReport',
    'FusionInferencer',
    'FusionResult',
    'find_pairs',
    'fuse_pairs',
    'load_config',
    'prepare_distributed',
]
