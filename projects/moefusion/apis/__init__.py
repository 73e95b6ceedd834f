"""What tools and notebooks call. Names load when they are asked for: some need MMDetection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moefusion.extras import lazy
from moefusion.versions import silence_others

if TYPE_CHECKING:
    from moefusion.apis.config import load_config
    from moefusion.apis.inferencer import FusionInferencer
    from moefusion.apis.launch import prepare_distributed
    from moefusion.files import find_pairs
    from moefusion.runtime import FusionResult
    from moefusion.runtime.folder import Outcome, fuse_pairs

__all__ = [
    'FusionInferencer',
    'FusionResult',
    'Outcome',
    'find_pairs',
    'fuse_pairs',
    'load_config',
    'prepare_distributed',
]
_MODULES = {
    'FusionInferencer': 'apis.inferencer',
    'FusionResult': 'runtime',
    'Outcome': 'runtime.folder',
    'find_pairs': 'files',
    'fuse_pairs': 'runtime.folder',
    'load_config': 'apis.config',
    'prepare_distributed': 'apis.launch',
}

silence_others()

__getattr__ = lazy(__name__, _MODULES, 'mm')
