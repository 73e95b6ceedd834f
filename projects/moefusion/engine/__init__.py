"""Runner hooks: joining the losses, and showing the fusion."""

from moefusion.engine.gate_noise_hook import GateNoiseHook
from moefusion.engine.joint_loss_hook import JointLossHook
from moefusion.engine.visualization_hook import FusionVisualizationHook

__all__ = ['FusionVisualizationHook', 'GateNoiseHook', 'JointLossHook']
