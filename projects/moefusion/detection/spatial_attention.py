"""The spatial attention neck of the auxiliary detectors (paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn


@MODELS.register_module()
class SpatialAttention(BaseModule):
    """Weighs each place of the feature pyramid: x + x * att.

    ``att`` comes from Conv1x1-BN-ReLU and Conv1x1-BN-Sigmoid, one pair of them a level. The neck
    stands behind the FPN of a stock detector and learns from the detector's losses alone; the
    maps that it hands out for the fusion (``maps``) are detached.

    Args:
        in_channels (int): Channels of each level. Defaults to 256.
        num_levels (int): Number of levels that come in. Defaults to 5.
        levels (Sequence[int]): The levels to attend to; the others pass unchanged. The first of
            them is the one whose map guides the fusion. Defaults to all, finest first.
        reduction (int): Divides the channels between the two convolutions. Defaults to 4.
        norm_cfg (dict): Normalisation of both convolutions. Defaults to batch normalisation.
        init_cfg (dict | list[dict], optional): MMEngine's initialisation.

    Raises:
        ValueError: if ``levels`` is empty or names a level that does not come in.

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
        levels: Sequence[int] | None = None,
        reduction: int = 4,
        norm_cfg: dict | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_levels = num_levels
        self.levels = tuple(range(num_levels)) if levels is None else tuple(levels)
        if not self.levels or not set(self.levels) <= set(range(num_levels)):
            raise ValueError(
                f'SpatialAttention: levels must be some of 0 to {num_levels - 1}, '
                f'but are {self.levels}'
            )
        norm_cfg = norm_cfg or dict(type='BN')
        hidden = max(in_channels // reduction, 1)
        self.attention = nn.ModuleList(
            nn.Sequential(
                ConvModule(in_channels, hidden, 1, norm_cfg=norm_cfg),
                ConvModule(hidden, 1, 1, norm_cfg=norm_cfg, act_cfg=dict(type='Sigmoid')),
            )
            for _ in self.levels
        )
        self.maps: list[Tensor] = []
        self._attached: Tensor | None = None

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Attend to the levels, and keep their maps in ``self.maps`` for the fusion.

        Args:
            features (Sequence[Tensor]): the pyramid, each N x C x h x w, finest first.

        Returns:
            tuple[Tensor, ...]: the pyramid, the same shapes.

        Raises:
            ValueError: if the number of levels is not ``num_levels``.
        """
        if len(features) != self.num_levels:
            raise ValueError(
                f'SpatialAttention: {len(features)} levels come in, but num_levels is '
                f'{self.num_levels}: set it to the num_outs of the neck before it'
            )
        outputs, self.maps = list(features), []
        for level, module in zip(self.levels, self.attention):
            attention = module(features[level])
            outputs[level] = features[level] + features[level] * attention
            self.maps.append(attention.detach())
            if len(self.maps) == 1 and self.training:
                self._attached = attention
        return tuple(outputs)

    def attached_map(self) -> Tensor:
        """The latest finest map, N x 1 x h x w in [0, 1], still in the graph, in training.

        It is handed out once, so that no graph stays behind.
        """
        attention, self._attached = self._attached, None
        return attention


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
