"""Transform that makes one image of a pair: either modality, or a fusion of the two."""

from __future__ import annotations

import math

import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from numpy import random


@TRANSFORMS.register_module()
class BlendPair(BaseTransform):
    """Turn a loaded pair into the visible image, the infrared one, or something in between.

    For a detector that is to score fused images of any method: one that has seen nothing between
    the modalities fails on a fused image for being fused, whatever it shows.

    Required Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared), from :class:`LoadPairedImage`

    Modified Keys:

    - img (np.uint8, shape (H, W, 3))

    Args:
        blend (float): chance of a blend, ``share`` x visible + (1 - ``share``) x infrared, with
            the share uniform in [0, 1]; otherwise the image is the visible or the infrared one
            with equal chance. Defaults to 1/3.
        brighter (float): a blend moves towards the brighter source in each pixel and channel by a
            fraction uniform from 0 to this. Defaults to 0.
        contrast (Sequence[float]): smallest and largest slope of a blend's tone curve, see
            :func:`moefusion.losses.tone_curve`; its logarithm is uniform, its middle uniform in
            [0.3, 0.5]. Defaults to (1, 1), none.

    Raises:
        ValueError: if ``blend`` or ``brighter`` is not in [0, 1], ``contrast`` no positive range,
            or the image has not four channels.
    """

    def __init__(self, blend=1 / 3, brighter=0.0, contrast=(1.0, 1.0)):
        for name, value in (('blend', blend), ('brighter', brighter)):
            if not 0 <= value <= 1:
                raise ValueError(f'BlendPair: {name} must be from 0 to 1, but is {value}')
        if not 0 < contrast[0] <= contrast[1]:
            raise ValueError(
                'BlendPair: contrast must be two positive numbers, the smaller one '
                f'first, but is {contrast}'
            )
        self.blend, self.brighter, self.contrast = blend, brighter, tuple(contrast)

    @cache_randomness
    def _draw(self):
        """The visible share, the fraction towards the brighter source, contrast and middle."""
        if random.uniform() >= self.blend:
            return float(random.randint(2)), 0.0, 1.0, 0.5
        return (
            random.uniform(),
            random.uniform(0, self.brighter),
            math.exp(random.uniform(*map(math.log, self.contrast))),
            random.uniform(0.3, 0.5),
        )

    def transform(self, results):
        """Replace the pair by one image."""
        pair = results['img']
        if pair.ndim != 3 or pair.shape[2] != 4:
            raise ValueError(
                f'BlendPair: the image has shape {pair.shape}, not H x W x 4. Load '
                'it with LoadPairedImage'
            )
        share, brighter, contrast, middle = self._draw()
        pair = torch.from_numpy(pair).float() / 255
        visible, infrared = pair[..., :3], pair[..., 3:].expand(-1, -1, 3)
        image = torch.lerp(infrared, visible, share)
        results['img'] = (image * 255).round().byte().numpy()
        return results

    def __repr__(self):
        return (
            f'{type(self).__name__}(blend={self.blend:.3f}, brighter={self.brighter}, '
            f'contrast={self.contrast})'
        )
