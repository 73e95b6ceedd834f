"""The spatial attention neck of the auxiliary detectors (paper, section 3.2)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn


class CapturedAttention:
    """The finest attention map of one detector's run, N x 1 x h x w in [0, 1]."""

    map: Tensor  # by running statistics, detached: what guides the fusion
    learnt: Tensor  # as the detector itself used it, in its graph


# Of the thread that runs: a map stored on the module would be another call's in a server.
_CAPTURED: ContextVar[CapturedAttention | None] = ContextVar('captured_attention', default=None)


@contextmanager
def capture_attention() -> Iterator[CapturedAttention]:
    """Collect the attention map of the detector that runs within.

    Yields:
        CapturedAttention: its ``map`` and ``learnt`` are there once the detector has run.
    """
    captured = CapturedAttention()
    token = _CAPTURED.set(captured)
    try:
        yield captured
    finally:
        _CAPTURED.reset(token)


@contextmanager
def as_at_test(module: nn.Module) -> Iterator[None]:
    """Within, the module is in evaluation mode without gradients; then each part as it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode


@MODELS.register_module()
class SpatialAttention(BaseModule):
    """Weighs each place of the feature pyramid: x + x * att.

    ``att`` comes from Conv1x1-BN-ReLU and Conv1x1-BN-Sigmoid, one pair of them a level. The neck
    stands behind the FPN of a stock detector and learns from the detector's losses alone. The map
    that guides the fusion is the finest level's; :func:`capture_attention` hands it out.

    Args:
        in_channels (int): Channels of each level. Defaults to 256.
        num_levels (int): Number of levels that come in. Defaults to 5.
        norm_cfg (dict): Normalisation of both convolutions. Defaults to batch normalisation.
        init_cfg (dict | list[dict], optional): MMEngine's initialisation.

    Examples:
        >>> neck = [
        ...     dict(type='FPN', in_channels=[256, 512, 1024, 2048], out_channels=256, num_outs=5),
        ...     dict(type='SpatialAttention', in_channels=256),
        ... ]
    """

    def __init__(
        self,
        in_channels: int = 256,
        num_levels: int = 5,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_levels = num_levels
        norm_cfg = norm_cfg or dict(type='BN')
        hidden = max(in_channels // 4, 1)
        self.attention = nn.ModuleList(
            nn.Sequential(
                ConvModule(in_channels, hidden, 1, norm_cfg=norm_cfg),
                ConvModule(hidden, 1, 1, norm_cfg=norm_cfg, act_cfg=dict(type='Sigmoid')),
            )
            for _ in range(num_levels)
        )

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Attend to the pyramid's levels, each N x C x h x w, finest first.

        Raises:
            ValueError: if the number of levels is not ``num_levels``.
        """
        if len(features) != self.num_levels:
            raise ValueError(
                f'SpatialAttention: {len(features)} levels come in, but num_levels is '
                f'{self.num_levels}: set it to the num_outs of the neck before it'
            )
        outputs = []
        captured = _CAPTURED.get()
        for level, module in zip(features, self.attention):
            attention = module(level)
            outputs.append(level + level * attention)
            if captured is not None and not hasattr(captured, 'map'):
                captured.learnt = captured.map = attention
                # A batch's own statistics give maps of one mean whatever the images show; the
                # fusion would train on those and meet others at test.
                if self.training:
                    with as_at_test(module):
                        captured.map = module(level)
                captured.map = captured.map.detach()
        return tuple(outputs)


def find_attention(detector: nn.Module) -> SpatialAttention:
    """The spatial attention neck of a detector.

    Raises:
        ValueError: if the detector has none, with the config that would add one.
    """
    for module in detector.modules():
        if isinstance(module, SpatialAttention):
            return module
    raise ValueError(
        f'the {type(detector).__name__} has no spatial attention neck: give it '
        "neck=[dict(type='FPN', ...), dict(type='SpatialAttention', ...)]"
    )
