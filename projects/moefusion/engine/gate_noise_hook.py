"""Lowers the noise of the gates as training goes on."""

from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from moefusion.fusion import NoisyTopKGate


@HOOKS.register_module()
class GateNoiseHook(Hook):
    """Lowers every gate's noise in a straight line over the training.

    Noise lets a gate try all experts at the start. What decides at test is the logits alone, so
    the experts should meet the samples in training that they will get at test.

    Args:
        end (float): share of the starting noise that is left at the end. Defaults to 0.15.
    """

    def __init__(self, end: float = 0.15) -> None:
        self.end = end
        self._starts: dict[NoisyTopKGate, float] = {}

    def before_train(self, runner: Runner) -> None:
        """Find the gates and the noise they start with."""
        gates = [each for each in runner.model.modules() if isinstance(each, NoisyTopKGate)]
        self._starts = {gate: gate.noise for gate in gates}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Set the noise of this iteration."""
        done = runner.iter / runner.max_iters
        for gate, start in self._starts.items():
            gate.noise = start * (1 + (self.end - 1) * done)
