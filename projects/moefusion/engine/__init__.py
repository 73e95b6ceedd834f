"""Hooks and a loop of the runner: joined losses, pictures, checks, saving that loses nothing."""

from moefusion.engine.gate_noise_hook import GateNoiseHook
from moefusion.engine.joint_loss_hook import JointLossHook
from moefusion.engine.num_class_hook import EarlyNumClassCheckHook
from moefusion.engine.safe_checkpoint_hook import SafeCheckpointHook
from moefusion.engine.seed_hook import SeedHook
from moefusion.engine.sync_buffers_hook import IterSyncBuffersHook
from moefusion.engine.timed_loop import TimedTrainLoop
from moefusion.engine.visualization_hook import FusionVisualizationHook
from moefusion.engine.whole_files import WholeFileBackend, WholeVisBackend

__all__ = [
    'EarlyNumClassCheckHook',
    'FusionVisualizationHook',
    'GateNoiseHook',
    'IterSyncBuffersHook',
    'JointLossHook',
    'SafeCheckpointHook',
    'SeedHook',
    'TimedTrainLoop',
    'WholeFileBackend',
    'WholeVisBackend',
]
