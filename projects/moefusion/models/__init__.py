"""The MMEngine model around the fusion network, and its data preprocessor."""

from moefusion.models.data_preprocessor import PairedDataPreprocessor
from moefusion.models.moe_fusion import MoEFusion

__all__ = ['MoEFusion', 'PairedDataPreprocessor']
