"""The MMEngine model around the fusion network, and its data preprocessor."""
from .data_preprocessor import PairedDataPreprocessor
from .evaluation_detector import EvaluationDetector
from .moe_fusion import MoEFusion

__all__ = ['EvaluationDetector', 'MoEFusion', 'PairedDataPreprocessor']
