"""Checks, when a data set is built, that its transforms can take pairs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmdet.datasets import MultiImageMixDataset as StockMultiImageMixDataset
from mmdet.registry import DATASETS, TRANSFORMS

from moefusion.datasets import stock
from moefusion.datasets.refusing import MOVING, NEUTRAL, PHOTOMETRIC, REFUSED, refusal
from moefusion.files import Range, check_range

FILLS = 'border_val', 'fill_in', 'img_border_value', 'mean', 'pad_val'
OWN_PARTS = 'Albu', 'Photometric'  # their parts are checked by themselves
Step = tuple[str, type, Mapping[str, Any]]  # name, class, arguments


def check_pipeline(pipeline: Sequence[Any], pairs: bool = False, scored: bool = False) -> bool:
    """Refuse transforms that would harm a pair, from ``LoadPairedImage`` to ``SelectModality``.

    Args:
        pipeline (Sequence): configs of transforms, or transforms.
        pairs (bool): whether pairs come in.
        scored (bool): whether boxes are to stay in the coordinates of the file, as in a test.

    Returns:
        bool: whether pairs come out.

    Raises:
        ValueError: for a transform that loses or falsifies a channel; it says what to use instead;
            for one that resizes boxes that are to stay, or moves pixels before there are boxes to
            follow; for masks, which no reader has.
    """
    labelled, moved = False, ''
    for outer in pipeline:
        for name, cls, arguments in steps(outer):
            if name in ('LoadPairedImage', 'SelectModality'):
                pairs = name == 'LoadPairedImage'
            elif pairs:
                _check(name, cls, arguments)
            moved = moved or (name if name in MOVING else '')
            if name == 'LoadAnnotations':
                labelled = True
                _check_boxes(arguments, '' if scored else moved)
            if scored and labelled and 'Resize' in name:
                raise ValueError(
                    f'{name} after LoadAnnotations: a test scores boxes in the coordinates of the '
                    'file. Put LoadAnnotations after it.'
                )
    return pairs


def _check_boxes(arguments: Mapping[str, Any], moved: str) -> None:
    """Refuse masks, and boxes that come after what should have moved them."""
    if masks := [key for key in ('with_mask', 'with_seg') if arguments.get(key)]:
        raise ValueError(f'LoadAnnotations: {masks[0]}=True, but pairs have boxes alone. Omit it.')
    if moved:
        raise ValueError(
            f'{moved} before LoadAnnotations moves the pixels without the boxes. Put '
            'LoadAnnotations before it; of a data set to validate or test say test_mode=True.'
        )


def range_of(pipeline: Sequence[Any]) -> Range | None:
    """Return ``infrared_range`` of the first ``LoadPairedImage``, also of one in another transform.

    Raises:
        ValueError: if it is no range.
    """
    for outer in pipeline:
        for name, _, arguments in steps(outer):
            if name == 'LoadPairedImage':
                return check_range(arguments['infrared_range'])
    return None


def check_photometric(pipeline: Sequence[Any], side: str) -> None:
    """Refuse what moves, loads or packs, among the transforms of one image of a pair.

    Raises:
        ValueError: for one of MMDetection's, MMCV's or the project's transforms that does more than
            change values.
    """
    for outer in pipeline:
        for name, cls, _ in steps(outer):
            known = cls.__module__.split('.')[0] in ('mmcv', 'mmdet', 'moefusion')
            if known and name not in (*PHOTOMETRIC, *NEUTRAL):
                raise ValueError(
                    f'Photometric: {name} in {side} does more than change values, and the boxes '
                    'and the other image would not follow. Put it into the pipeline itself.'
                )


def steps(step: Any) -> Iterator[Step]:
    """Yield a transform, given as config or built, and those inside it."""
    if isinstance(step, Mapping):
        kind = step.get('type')
        cls, arguments = kind if inspect.isclass(kind) else TRANSFORMS.get(str(kind)), dict(step)
        if cls is None:
            return  # the registry will say so
        known = inspect.signature(cls).parameters.values()
        defaults = {each.name: each.default for each in known if each.default is not each.empty}
        arguments = {**defaults, **arguments}
    else:
        cls, arguments = type(step), getattr(step, '__dict__', {})
    yield cls.__name__, cls, arguments
    if cls.__name__ not in OWN_PARTS:
        for inner in _inner(list(arguments.values())):
            yield from steps(inner)


def _inner(value: Any) -> Iterator[Any]:
    """Transforms in an argument, in whatever lists."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _inner(item)
    elif isinstance(value, Mapping) and 'type' not in value:
        yield from _inner(list(value.values()))
    elif isinstance(value, Mapping) or callable(getattr(value, 'transform', None)):
        if not inspect.isclass(value):
            yield value


def _check(name: str, cls: type, arguments: Mapping[str, Any]) -> None:
    if _has_pillow(arguments):
        raise ValueError(
            f"{name}: backend='pillow' takes the infrared channel for transparency and changes the "
            "colours by it. Use backend='cv2'."
        )
    if name in REFUSED and cls.__module__.split('.')[0] in ('mmcv', 'mmdet', 'moefusion'):
        raise ValueError(refusal(name))
    own = TRANSFORMS.get(name)
    if own is None or own.__module__ != stock.__name__:
        return
    if cls is not own and issubclass(own, cls):
        raise ValueError(
            f"{name}: the class of {cls.__module__} cannot take pairs; write type='{name}', as a "
            "string: moefusion.plugin registers one that can, under MMDetection's name."
        )
    for key in FILLS:
        fill = arguments.get(key)
        fill = fill.get('img', 0) if isinstance(fill, Mapping) else fill
        if fill is not None:
            stock.four(fill, f'{name}: {key}')


def _has_pillow(arguments: Any) -> bool:
    """Whether a resize's ``backend`` is Pillow, in its arguments or those it hands on."""
    return isinstance(arguments, Mapping) and (
        arguments.get('backend') == 'pillow' or any(map(_has_pillow, arguments.values()))
    )


@DATASETS.register_module(name='MultiImageMixDataset', force=True)
class MultiImageMixDataset(StockMultiImageMixDataset):
    """MMDetection's, with its transforms checked where the data set inside hands out pairs."""

    def __init__(self, dataset: Any, pipeline: Sequence[Any], *args: Any, **kwargs: Any) -> None:
        dataset = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
        check_pipeline(pipeline, hands_out_pairs(dataset))
        super().__init__(dataset, pipeline, *args, **kwargs)


def hands_out_pairs(dataset: Any) -> bool:
    """Whether a reader, or one inside a wrapper, hands out images of four channels."""
    inner = [*getattr(dataset, 'datasets', ()), getattr(dataset, 'dataset', None)]
    return getattr(dataset, 'hands_out_pairs', False) or any(
        hands_out_pairs(each) for each in inner if each is not None
    )
