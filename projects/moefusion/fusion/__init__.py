"""The fusion network of MoE-Fusion in plain PyTorch: needs torch alone."""

# ruff: noqa: E402
from moefusion.extras import need

need('torch', __name__)

from moefusion.fusion.attention import AttentionMerge
from moefusion.fusion.encoder import DenseEncoder
from moefusion.fusion.experts import GlobalExpert, LocalExpert
from moefusion.fusion.gate import Gating, NoisyTopKGate
from moefusion.fusion.mixture import GlobalMixture, LocalMixture
from moefusion.fusion.network import FusionNetwork
from moefusion.fusion.output import FusionOutput

__all__ = [
    'AttentionMerge',
    'DenseEncoder',
    'FusionNetwork',
    'FusionOutput',
    'Gating',
    'GlobalExpert',
    'GlobalMixture',
    'LocalExpert',
    'LocalMixture',
    'NoisyTopKGate',
]
