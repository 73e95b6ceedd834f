"""The bundled weights, and loading weights as data: no code from a file runs."""

from typing import TYPE_CHECKING

from moefusion.extras import lazy
from moefusion.weights.bundled import BUNDLED, read_description, write_description

if TYPE_CHECKING:
    from moefusion.weights.checkpoint import load_checkpoint_safely, load_to_resume, load_weights

__all__ = [
    'BUNDLED',
    'load_checkpoint_safely',
    'load_to_resume',
    'load_weights',
    'read_description',
    'write_description',
]
_MODULES = dict.fromkeys(
    ('load_checkpoint_safely', 'load_to_resume', 'load_weights'), 'weights.checkpoint'
)

__getattr__ = lazy(__name__, _MODULES)  # they need torch
