"""What tools and notebooks call."""

from moefusion.versions import silence_others

silence_others()

from moefusion.apis.config import load_config  # noqa: E402
from moefusion.apis.folder import Outcome, fuse_pairs  # noqa: E402
from moefusion.apis.inferencer import FusionInferencer, FusionResult  # noqa: E402
from moefusion.apis.launch import prepare_distributed  # noqa: E402
from moefusion.files.pairs import find_pairs  # noqa: E402

__all__ = [
    'FusionInferencer',
    'FusionResult',
    'Outcome',
    'find_pairs',
    'fuse_pairs',
    'load_config',
    'prepare_distributed',
]
