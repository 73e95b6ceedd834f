"""EarlyNumClassCheckHook: refuses heads and data sets that disagree, before any work is done."""

from collections.abc import Iterator

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch import nn


@HOOKS.register_module()
class EarlyNumClassCheckHook(Hook):
    """Compares heads with every data set of a run before the first step; names both.

    MMDetection's ``NumClassCheckHook`` looks at the validation data when the first training epochs
    are over, never at the test data, and stops without a reason at a ``ConcatDataset`` of different
    classes. This one looks into every wrapper and at a metric's detector, and at the order, too.

    Raises:
        ValueError: before training, validation or test, if ``classes`` is a string, differs
            between data sets, or does not have as many names as a head has classes.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the training data, and the validation data where there are any."""
        loops = dict(train=runner.train_loop, val=runner.val_loop)
        self._check(runner, **{split: loop for split, loop in loops.items() if loop})

    def before_val(self, runner: Runner) -> None:
        """Check the validation data."""
        self._check(runner, val=runner.val_loop)

    def before_test(self, runner: Runner) -> None:
        """Check the test data."""
        self._check(runner, test=runner.test_loop)

    def _check(self, runner: Runner, **loops: BaseLoop) -> None:
        first = None
        for split, loop in loops.items():
            for place, classes in _classes(loop.dataloader.dataset, f'{split}_dataloader.dataset'):
                first = first or (place, classes)
                if classes != first[1]:
                    raise ValueError(
                        f'{place} has the classes {classes}, but {first[0]} {first[1]}. Give both '
                        'the same metainfo.classes, in one order.'
                    )
        if first is None:
            return
        heads = _heads(runner.model, 'model')
        for split, loop in loops.items():
            metrics = loop.evaluator.metrics if hasattr(loop, 'evaluator') else []
            for number, metric in enumerate(metrics):
                if isinstance(detector := getattr(metric, 'detector', None), nn.Module):
                    heads += _heads(detector, f'{split}_evaluator.{number}.detector')
        for name, count in heads:
            if count != len(first[1]):
                raise ValueError(
                    f'{name}.num_classes is {count}, but {first[0]} has {len(first[1])} classes, '
                    f'{first[1]}. Set num_classes={len(first[1])} there.'
                )


def _classes(dataset: object, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The classes of each labelled data set under whatever wrappers, with its place."""
    parts = getattr(dataset, 'datasets', None)
    if parts is not None:
        for number, part in enumerate(parts):
            yield from _classes(part, f'{place}.datasets.{number}')
    elif hasattr(dataset, 'dataset'):
        yield from _classes(dataset.dataset, f'{place}.dataset')
    elif getattr(dataset, 'labelled', True) and _names(dataset):
        classes = _names(dataset)
        if isinstance(classes, str):
            raise ValueError(
                f'{place}.metainfo.classes is the string {classes!r}, not a tuple of names. One '
                f'class is written with a comma: classes=({classes!r},).'
            )
        yield place, tuple(classes)


def _names(dataset: object) -> str | list[str] | tuple[str, ...]:
    return getattr(dataset, 'metainfo', {}).get('classes', ())


def _heads(model: nn.Module, place: str) -> list[tuple[str, int]]:
    """Name and class count of each detection head; a region proposal head has none."""
    return [
        (f'{place}.{name.removeprefix("module.")}', module.num_classes)
        for name, module in model.named_modules()
        if getattr(module, 'num_classes', 0) > 0 and not name.endswith('rpn_head')
    ]
