"""Transform that changes the light of one named image of a pair, by MMDetection's transforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmdet.registry import TRANSFORMS

from moefusion.datasets.pipeline import check_photometric
from moefusion.datasets.stock import pair_of
from moefusion.files.reading import bgr_to_gray


@TRANSFORMS.register_module()
class Photometric(BaseTransform):
    """Apply photometric transforms to the visible image, to the infrared one, or to each its own.

    They see an image of three channels (uint8; B, G, R, or the infrared image three times) and
    nothing else of the pair. Values are rounded and cut to 0..255, the infrared image becomes one
    channel again (by MATLAB's ``rgb2gray``, where the three differ).

    Required Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared), from :class:`LoadPairedImage`

    Modified Keys:

    - img (the same shape and type)

    Args:
        visible (Sequence[dict]): transforms of the visible image. Defaults to none.
        infrared (Sequence[dict]): transforms of the infrared image. Defaults to none.

    Raises:
        ValueError: if both are empty, a transform moves, loads or packs, or the image has not four
            channels.

    Examples:
        >>> transform = Photometric(
        ...     visible=[dict(type='PhotoMetricDistortion')],
        ...     infrared=[dict(type='Brightness', prob=0.5)],
        ... )
    """

    def __init__(self, visible: Sequence[Any] = (), infrared: Sequence[Any] = ()) -> None:
        if not (visible or infrared):
            raise ValueError('Photometric: give transforms for visible, for infrared or for each')
        for side, steps in dict(visible=visible, infrared=infrared).items():
            check_photometric(steps, side)
        self.visible, self.infrared = Compose(list(visible)), Compose(list(infrared))
        for step in (*self.visible.transforms, *self.infrared.transforms):
            for part in _parts_of_albu(getattr(step, 'aug', None)):
                if any(base.__name__ == 'DualTransform' for base in type(part).__mro__):
                    raise ValueError(
                        f'Photometric: {type(part).__name__} in Albu moves pixels, and boxes would '
                        "not follow. Use MMDetection's own outside Photometric."
                    )

    def transform(self, results: dict) -> dict:
        """Change the values of either image."""
        pair = pair_of(results, self)
        color, heat = pair[..., :3], pair[..., 3]
        if self.visible.transforms:
            color = _apply(self.visible, color)
        if self.infrared.transforms:
            changed = _apply(self.infrared, np.dstack([heat] * 3))
            same = (changed == changed[..., :1]).all()
            heat = changed[..., 0] if same else bgr_to_gray(changed)
        results['img'] = np.dstack([color, heat])
        return results

    def __repr__(self) -> str:
        """Write it as in a config."""
        return f'{type(self).__name__}(visible={self.visible}, infrared={self.infrared})'


def _apply(steps: Compose, image: np.ndarray) -> np.ndarray:
    """H x W x 3 uint8 of the same size after the steps."""
    image = np.ascontiguousarray(image)
    found = steps(dict(img=image.copy(), img_shape=image.shape[:2], ori_shape=image.shape[:2]))
    changed = found['img']
    if changed.ndim == 2 or changed.shape[2] == 1:
        changed = np.dstack([changed] * 3)
    if changed.shape != image.shape:
        raise ValueError(
            f'Photometric: {steps} made an image of shape {changed.shape} out of {image.shape}. '
            'Put what changes the size into the pipeline itself.'
        )
    return np.rint(changed).clip(0, 255).astype(np.uint8)


def _parts_of_albu(part: Any) -> Iterator[Any]:
    if part is not None:
        yield part
        for inner in getattr(part, 'transforms', ()):
            yield from _parts_of_albu(inner)
