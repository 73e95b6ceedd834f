"""Runner hooks: joining the losses, showing the fusion, checking class counts, sharing buffers."""

from moefusion.engine.best_checkpoint_hook import BestCheckpointHook
from moefusion.engine.gate_noise_hook import GateNoiseHook
from moefusion.engine.joint_loss_hook import JointLossHook
from moefusion.engine.num_class_hook import EarlyNumClassCheckHook
from moefusion.engine.sync_buffers_hook import IterSyncBuffersHook
from moefusion.engine.visualization_hook import FusionVisualizationHook

__all__ = [
    'BestCheckpointHook',
    'EarlyNumClassCheckHook',
    'FusionVisualizationHook',
    'GateNoiseHook',
    'IterSyncBuffersHook',
    'JointLossHook',
]
