"""Losses in plain PyTorch, and how they are joined: needs torch alone."""

# ruff: noqa: E402
from moefusion.extras import need

need('torch', __name__)

from moefusion.losses.fusion_loss import FusionLoss
from moefusion.losses.joint import DEFAULT_WEIGHTS, JointLoss
from moefusion.losses.load import load_loss
from moefusion.losses.target import Target, adaptive_target, information_ratio

__all__ = [
    'DEFAULT_WEIGHTS',
    'FusionLoss',
    'JointLoss',
    'Target',
    'adaptive_target',
    'information_ratio',
    'load_loss',
]
