"""The bundled weights, and loading weights as data: no code from a file runs."""

from moefusion.weights.bundled import BUNDLED, read_description, write_description
from moefusion.weights.checkpoint import load_checkpoint_safely, load_to_resume, load_weights

__all__ = [
    'BUNDLED',
    'load_checkpoint_safely',
    'load_to_resume',
    'load_weights',
    'read_description',
    'write_description',
]
