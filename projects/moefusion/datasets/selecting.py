"""Transform that makes one image of a loaded pair: either modality, or a blend of the two."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS

from moefusion.datasets.stock import pair_of

MODALITIES = ('visible', 'infrared', 'random')


@TRANSFORMS.register_module()
class SelectModality(BaseTransform):
    """Turn a loaded pair into one image, for stock detectors and their pre-trained backbones.

    An image that has three channels already, such as a fused one, stays as it is: so one test
    pipeline serves pairs and single files.

    Required Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared), from :class:`LoadPairedImage`

    Modified Keys:

    - img (np.uint8, shape (H, W, 3): B, G, R; the infrared image three times)

    Args:
        modality (str): ``'visible'``, ``'infrared'``, or ``'random'``: either with equal chance.
        blend (float): chance, in [0, 1], of ``share`` x visible + (1 - ``share``) x infrared
            instead, with the share uniform in [0, 1]. A detector that saw nothing between the
            modalities fails on a fused image for being fused. Defaults to 0.

    Raises:
        ValueError: for another modality, for ``blend`` outside [0, 1], or if the image has neither
            three nor four channels.
    """

    def __init__(self, modality: str, blend: float = 0.0) -> None:
        """Check the arguments."""
        if modality not in MODALITIES:
            raise ValueError(
                f'SelectModality: modality must be one of {MODALITIES}, but is {modality!r}'
            )
        if not 0 <= blend <= 1:
            raise ValueError(f'SelectModality: blend must be from 0 to 1, but is {blend}')
        self.modality, self.blend = modality, blend

    @cache_randomness
    def _visible_share(self) -> float:
        """1 for the visible image, 0 for the infrared one, in between for a blend."""
        if self.blend and np.random.uniform() < self.blend:
            return np.random.uniform()
        if self.modality == 'random':
            return float(np.random.randint(2))
        return float(self.modality == 'visible')

    def transform(self, results: dict) -> dict:
        """Replace the pair by one image."""
        if results['img'].shape[2:] == (3,):
            return results
        pair = pair_of(results, self)
        visible, infrared = pair[..., :3], np.repeat(pair[..., 3:], 3, axis=2)
        share = self._visible_share()
        if share in (0, 1):
            image = visible if share else infrared
        else:
            image = np.rint(share * visible + (1 - share) * infrared).astype(np.uint8)
        results['img'] = np.ascontiguousarray(image)
        return results

    def __repr__(self) -> str:
        """Write it as in a config."""
        return f'{type(self).__name__}(modality={self.modality!r}, blend={self.blend})'
