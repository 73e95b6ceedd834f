"""The fusion losses (paper, section 3.4 and supplement F) in plain PyTorch."""

from moefusion.losses.gradient import gradient_loss
from moefusion.losses.joint import JointLoss
from moefusion.losses.load import load_loss
from moefusion.losses.pixel import pixel_loss

__all__ = [
    'JointLoss',
    'background_target',
    'boxes_to_mask',
    'foreground_target',
    'gradient_loss',
    'load_loss',
    'pixel_loss',
    'sobel_gradient',
    'tone_curve',
]
