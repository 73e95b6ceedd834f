"""Runner hooks: joining the losses, and showing the fusion."""
from .joint_loss_hook import JointLossHook
from .visualization_hook import FusionVisualizationHook

__all__ = ['FusionVisualizationHook', 'JointLossHook']
