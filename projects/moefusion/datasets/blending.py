"""Transform that makes one image of a pair: either modality, or a blend of the two."""

from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from numpy import random


@TRANSFORMS.register_module()
class BlendPair(BaseTransform):
    """Turn a loaded pair into the visible image, the infrared one, or something in between.

    For a detector that is to score fused images: one that has seen nothing between the
    modalities fails on a fused image for being fused, whatever it shows.

    Required Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared), from :class:`LoadPairedImage`

    Modified Keys:

    - img (np.uint8, shape (H, W, 3)): share x visible + (1 - share) x infrared, rounded

    Args:
        blend (float): chance of a blend, its share uniform in [0, 1]; otherwise the image is the
            visible or the infrared one with equal chance. Defaults to 1/3.

    Raises:
        ValueError: if ``blend`` is not in [0, 1], or the image has not four channels.
    """

    def __init__(self, blend=1 / 3):
        if not 0 <= blend <= 1:
            raise ValueError(f'BlendPair: blend must be from 0 to 1, but is {blend}')
        self.blend = blend

    @cache_randomness
    def _share(self):
        return random.uniform() if random.uniform() < self.blend else float(random.randint(2))

    def transform(self, results):
        """Replace the pair by one image."""
        pair = results['img']
        if pair.ndim != 3 or pair.shape[2] != 4:
            raise ValueError(f'BlendPair: the image has shape {pair.shape}, not H x W x 4. Load '
                             'it with LoadPairedImage')
        share = self._share()
        blend = share * pair[..., :3] + (1 - share) * pair[..., 3:]
        results['img'] = blend.round().astype(pair.dtype)
        return results

    def __repr__(self):
        return f'{type(self).__name__}(blend={self.blend:.3f})'
