"""Fuses with onnxruntime and NumPy, without torch and mm*."""

from moefusion.runtime.fuser import BUNDLED_ONNX, Fuser
from moefusion.runtime.result import FusionResult

__all__ = ['BUNDLED_ONNX', 'Fuser', 'FusionResult']
