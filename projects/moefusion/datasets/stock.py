"""MMDetection's transforms under their own names, where they mishandle pairs of four channels.

What has three channels they treat as MMDetection does.
"""

from __future__ import annotations

import copy
from typing import Any

import mmdet.datasets.transforms as stock
import numpy as np
from mmdet.registry import TRANSFORMS

from moefusion.datasets.refusing import REFUSED, refusal

Results = dict[str, Any]


def is_pair(results: Results) -> bool:
    """Whether the image has the four channels of a pair."""
    image = results.get('img')
    return isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 4


def pair_of(results: Results, transform: object) -> np.ndarray:
    """The image of a pair, H x W x 4; raises ValueError in a transform's name if it is another."""
    if not is_pair(results):
        raise ValueError(
            f'{type(transform).__name__}: {results.get("img_path", "an image")} has shape '
            f'{results["img"].shape}, not H x W x 4. Load the pair with LoadPairedImage.'
        )
    return results['img']


def four(fill: Any, place: str) -> tuple[float, ...]:
    """What fills the four channels (B, G, R, infrared), of one value or as many as there are.

    Raises:
        ValueError: if three values differ: the infrared one is not among them.
    """
    values = tuple(np.ravel(fill).tolist())
    if len(values) in (1, 3) and len(set(values)) == 1:
        return values[:1] * 4
    if len(values) != 4:
        raise ValueError(
            f'{place}={fill}: a pair has four channels. Give one value for all of them, or four '
            '(infrared last), where the transform takes four.'
        )
    return values


def for_pairs(fill: str) -> Any:
    """Class decorator: the attribute ``fill`` has four values when a pair comes, and is registered.

    Args:
        fill (str): name of the argument and attribute.
    """

    def decorate(cls: Any) -> Any:
        plain = cls.transform

        def transform(self: Any, results: Results) -> Results | None:
            if not is_pair(results):
                return plain(self, results)
            twin, value = copy.copy(self), getattr(self, fill)
            place = f'{cls.__name__}: {fill}'
            if isinstance(value, dict):
                twin.pad_val = {**value, 'img': four(value.get('img', 0), place)}
            else:
                values = four(value, place)
                # Expand has turned R, G, B, infrared round
                values = values[1:] + values[:1] if getattr(self, 'to_rgb', False) else values
                setattr(twin, fill, values)
            return plain(twin, results)

        cls.transform = transform
        return TRANSFORMS.register_module(name=cls.__name__, module=cls, force=True)

    return decorate


@for_pairs('border_val')
class RandomAffine(stock.RandomAffine):
    """MMDetection's, which fills the infrared channel too."""


@for_pairs('fill_in')
class CutOut(stock.CutOut):
    """MMDetection's, which cuts the infrared channel too."""


@for_pairs('mean')
class Expand(stock.Expand):
    """MMDetection's, which fills the infrared channel too."""


@for_pairs('img_border_value')
class RandomErasing(stock.RandomErasing):
    """MMDetection's, which fills the infrared channel too."""


@for_pairs('pad_val')
class Pad(stock.Pad):
    """MMDetection's, which fills the infrared channel too."""


@TRANSFORMS.register_module(force=True)
class FixShapeResize(stock.FixShapeResize):
    """MMDetection's, which pads the infrared channel too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if padding := getattr(self, 'pad_transform', None):
            self.pad_transform = Pad(size=padding.size, pad_val=padding.pad_val)


@TRANSFORMS.register_module(force=True)
class CopyPaste(stock.CopyPaste):
    """MMDetection's, with the values' type kept."""

    def transform(self, results: Results) -> Results:
        """Paste objects of the other pair."""
        kind = results['img'].dtype
        results = super().transform(results)
        results['img'] = results['img'].astype(kind, copy=False)
        return results


class _Parts:
    """Moves the two images of a pair by the same matrix, one after the other."""

    def _transform_img(self, results: Results, mag: float) -> None:
        apply = super()._transform_img  # type: ignore[misc] # of MMDetection's class, beside it
        if not is_pair(results):
            apply(results, mag)
            return
        fill = self.img_border_value  # type: ignore[attr-defined] # of the same class
        four(fill, f'{type(self).__name__}: img_border_value')
        parts = [_part(results, infrared) for infrared in (False, True)]
        for part in parts:
            apply(part, mag)
        results['img'] = _join(*parts)


class _Mixes:
    """Runs twice from the same random state, each time with the boxes: no mosaic has four channels.

    A cache holds each image's two parts, so both caches change alike.
    """

    _infrared: Any = None

    def transform(self, results: Results) -> Results:
        """Mix the visible images, and the infrared ones in the same way."""
        apply = super().transform  # type: ignore[misc] # of MMDetection's class, beside it
        if not is_pair(results):
            return apply(results)
        self._infrared = self._infrared or copy.deepcopy(self)
        state = np.random.get_state()
        other = super(_Mixes, self._infrared)
        infrared = other.transform(_part(results, True))  # type: ignore[attr-defined] # as above
        np.random.set_state(state)
        visible = apply(_part(results, False))
        visible['img'] = _join(visible, infrared)
        return visible


def _part(results: Results, infrared: bool) -> Results:
    """One image of a pair, of three channels, with boxes of its own."""
    part = {key: value for key, value in results.items() if key not in ('img', 'mix_results')}
    part = copy.deepcopy(part)
    image = results['img']
    part['img'] = np.repeat(image[..., 3:], 3, axis=2) if infrared else image[..., :3].copy()
    if 'mix_results' in results:
        part['mix_results'] = [_part(other, infrared) for other in results['mix_results']]
    return part


def _join(visible: Results, infrared: Results) -> np.ndarray:
    return np.dstack([visible['img'], infrared['img'][..., :1]])


class _Refuses:
    """Refuses pairs, whose infrared channel it would lose or change as if it were a colour."""

    def transform(self, results: Results) -> Results | None:
        """Treat an image of three channels."""
        if is_pair(results):
            raise ValueError(refusal(type(self).__name__))
        return super().transform(results)  # type: ignore[misc] # of MMDetection's class, beside it


def _derive(mixin: type, *names: str) -> None:
    """Make and register MMDetection's classes with a mixin in front, importable by their names."""
    for name in names:
        body = dict(__module__=__name__, __doc__=mixin.__doc__)
        globals()[name] = made = type(name, (mixin, TRANSFORMS.get(name)), body)
        TRANSFORMS.register_module(name=name, module=made, force=True)


_derive(_Parts, 'Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY')
_derive(_Mixes, 'Mosaic', 'MixUp', 'CachedMosaic', 'CachedMixUp')
_derive(_Refuses, *REFUSED)
