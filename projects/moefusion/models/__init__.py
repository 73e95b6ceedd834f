"""The MMEngine model around the fusion network, and its data preprocessor."""

from moefusion.models.data_preprocessor import PairedDataPreprocessor
from moefusion.models.evaluation_detector import EvaluationDetector
from moefusion.models.moe_fusion import MoEFusion

__all__ = ['EvaluationDetector', 'MoEFusion', 'PairedDataPreprocessor']
