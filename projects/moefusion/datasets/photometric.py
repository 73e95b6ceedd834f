"""Transform that changes the light of either modality of a pair."""

from __future__ import annotations

import math

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from numpy import random

from moefusion.datasets.stock import pair_of


@TRANSFORMS.register_module()
class RandomPairTone(BaseTransform):
    """Give each modality of a loaded pair a random gamma, gain and offset of its own.

    Cameras differ: one infrared camera stretches its contrast, the next is nearly black. Drawn
    before the losses look at the pair, so that their targets are those of the changed images.

    Required Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared), from :class:`LoadPairedImage`

    Modified Keys:

    - img (the same shape and type)

    Args:
        prob (float): chance that a modality is changed. Defaults to 0.7.
        gamma (tuple[float, float]): smallest and largest exponent of levels in [0, 1]; its
            logarithm is uniform. Defaults to (0.5, 1.65).
        gain (tuple[float, float]): range of the factor. Defaults to (0.55, 1.25).
        offset (tuple[float, float]): range of what is added, in [-1, 1]. Defaults to (-0.08, 0.1).

    Raises:
        ValueError: if ``prob`` is not in [0, 1], a range is the wrong way round or ``gamma`` not
            positive, or the image has not four channels.
    """

    def __init__(
        self,
        prob: float = 0.7,
        gamma: tuple[float, float] = (0.5, 1.65),
        gain: tuple[float, float] = (0.55, 1.25),
        offset: tuple[float, float] = (-0.08, 0.1),
    ) -> None:
        """Check the ranges."""
        if not 0 <= prob <= 1:
            raise ValueError(f'RandomPairTone: prob must be from 0 to 1, but is {prob}')
        for name, values in dict(gamma=gamma, gain=gain, offset=offset).items():
            if len(values) != 2 or values[0] > values[1] or (name == 'gamma' and values[0] <= 0):
                raise ValueError(
                    f'RandomPairTone: {name} must be two numbers, the smaller one first'
                    f'{", above 0" if name == "gamma" else ""}, but is {values}'
                )
        self.prob, self.gamma, self.gain, self.offset = prob, gamma, gain, offset

    @cache_randomness
    def _draw(self) -> tuple[float, float, float]:
        """Gamma, gain and offset of one modality."""
        if random.uniform() >= self.prob:
            return 1.0, 1.0, 0.0
        gamma = math.exp(random.uniform(math.log(self.gamma[0]), math.log(self.gamma[1])))
        return gamma, random.uniform(*self.gain), random.uniform(*self.offset)

    def transform(self, results: dict) -> dict:
        """Change the pair's levels."""
        pair = pair_of(results, self)
        tables = [_table(*self._draw()) for _ in range(2)]
        results['img'] = np.dstack([tables[0][pair[..., :3]], tables[1][pair[..., 3]]])
        return results

    def __repr__(self) -> str:
        """Write it as in a config."""
        return (
            f'{type(self).__name__}(prob={self.prob}, gamma={self.gamma}, gain={self.gain}, '
            f'offset={self.offset})'
        )


def _table(gamma: float, gain: float, offset: float) -> np.ndarray:
    """What each of the 256 levels becomes."""
    levels = gain * np.linspace(0, 1, 256) ** gamma + offset
    return (levels.clip(0, 1) * 255).round().astype(np.uint8)
