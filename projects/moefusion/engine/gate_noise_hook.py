"""Lowers the noise of the gates as training goes on."""

from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from moefusion.fusion import NoisyTopKGate


@HOOKS.register_module()
class GateNoiseHook(Hook):
    """Lowers every gate's noise in a straight line, and keeps what is left to the end.

    Noise lets a gate try all experts at the start. What decides at test is the logits alone: once
    noise is below their spread, experts meet the samples that they will get at test. That must
    come while the learning rate is high, or experts stay alike.

    Args:
        end (float): share of the starting noise that is left. Defaults to 0.15.
        until (float): share of the training at which ``end`` is reached. Defaults to 1.

    Raises:
        ValueError: if ``until`` is not above 0 and at most 1.
    """

    def __init__(self, end: float = 0.15, until: float = 1.0) -> None:
        if not 0 < until <= 1:
            raise ValueError(
                f'GateNoiseHook: until is a share of the training, above 0 and at most 1, '
                f'but is {until}'
            )
        self.end, self.until = end, until
        self._starts: dict[NoisyTopKGate, float] = {}

    def before_train(self, runner: Runner) -> None:
        """Find the gates and the noise they start with."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        gates = [module for module in model.modules() if isinstance(module, NoisyTopKGate)]
        self._starts = {gate: gate.noise for gate in gates}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Set the noise of this iteration."""
        done = min(runner.iter / (self.until * runner.max_iters), 1)
        for gate, start in self._starts.items():
            gate.noise = start * (1 + (self.end - 1) * done)
