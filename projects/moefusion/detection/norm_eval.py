"""A module whose batch normalisations may keep their statistics in training."""
from __future__ import annotations

from mmengine.model import BaseModule
from torch import nn


class NormEvalModule(BaseModule):
    """Base of backbones that are fine-tuned with small batches.

    Args:
        norm_eval (bool): whether the batch normalisations normalise in training as in testing,
            and leave their statistics as they are; scale and shift are trained either way.
    """

    def __init__(self, norm_eval: bool) -> None:
        super().__init__()
        self.norm_eval = norm_eval

    def train(self, mode: bool = True) -> NormEvalModule:
        """Switch to training, but for the batch normalisations where ``norm_eval`` says so."""
        super().train(mode)
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self
