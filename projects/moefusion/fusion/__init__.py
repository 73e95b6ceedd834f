"""The fusion network of MoE-Fusion in plain PyTorch: needs torch alone."""
from .attention import AttentionMerge
from .color import colorize, rgb_to_gray
from .encoder import DenseEncoder
from .experts import GlobalExpert, LocalExpert
from .gate import Gating, NoisyTopKGate
from .lead import InfraredLead
from .mixture import GlobalMixture, LocalMixture
from .network import FusionNetwork, FusionOutput

__all__ = [
    'AttentionMerge', 'DenseEncoder', 'FusionNetwork', 'FusionOutput', 'Gating', 'GlobalExpert',
    'GlobalMixture', 'InfraredLead', 'LocalExpert', 'LocalMixture', 'NoisyTopKGate', 'colorize',
    'rgb_to_gray'
]
