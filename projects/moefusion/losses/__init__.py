"""The fusion losses (paper, section 3.4 and supplement F) in plain PyTorch."""
from .gradient import gradient_loss, sobel_gradient
from .joint import JointLoss
from .load import load_loss
from .pixel import background_target, boxes_to_mask, foreground_target, pixel_loss, tone_curve

__all__ = [
    'JointLoss', 'background_target', 'boxes_to_mask', 'foreground_target', 'gradient_loss',
    'load_loss', 'pixel_loss', 'sobel_gradient', 'tone_curve'
]
