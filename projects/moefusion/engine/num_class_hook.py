"""EarlyNumClassCheckHook: refuses what disagrees with the data set, before any work is done."""

from collections.abc import Iterator, Sequence
from typing import Any

from mmdet.datasets import BaseDetDataset
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner
from torch import nn

from moefusion.engine.iterations import refuse_epochs
from moefusion.files.folders import bare_stem, match_ids
from moefusion.weights.checkpoint import mismatch, trained_classes, weights_by_name


@HOOKS.register_module()
class EarlyNumClassCheckHook(Hook):
    """Compares heads with every data set of a run before the first step; names both.

    MMDetection's ``NumClassCheckHook`` looks at the validation data when the first training epochs
    are over, never at the test data, and stops without a reason at a ``ConcatDataset`` of different
    classes. This one looks into every wrapper and at a metric's detector, and at the order, too.

    Raises:
        ValueError: before training, validation or test, if ``classes`` is a string, differs
            between data sets or from the checkpoint's that is tested or resumed, or does not have
            as many names as a head has classes; before training, if no annotation has a class;
            where a metric's detector was trained with other classes, its json names other images,
            or it goes by ids that two images have; of a checkpoint to resume whose weights are not
            the model's, or one to start from of which none is; of what goes by epochs in a training
            by iterations.
    """

    trained: tuple[str, ...] = ()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the weights, and remember the classes that the checkpoint was trained with."""
        self.trained = trained_classes(checkpoint)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        weights, known = weights_by_name(checkpoint), model.state_dict()
        wrong = mismatch(model, weights)
        if wrong and getattr(runner, '_resume', False):
            raise ValueError(
                f'the checkpoint to resume is of another architecture than the config ({wrong}): '
                'resume with the config that it was trained with, or name it as load_from'
            )
        if wrong and not any(
            name in known and value.shape == known[name].shape for name, value in weights.items()
        ):
            raise ValueError(
                f'load_from: no weight of the checkpoint is one of the model ({wrong}), so '
                'training would start from scratch. Name the checkpoint of such a model.'
            )

    def before_train(self, runner: Runner) -> None:
        """Check the training data, and the validation data where there are any."""
        refuse_epochs(runner)
        loops = dict(train=runner.train_loop, val=runner.val_loop)
        if not getattr(runner, '_resume', False):
            self.trained = ()  # weights to start from may know other classes
        loops = {split: loop for split, loop in loops.items() if loop}
        self._check(runner, **loops)
        refuse_unused_classes([loop.dataloader.dataset for loop in loops.values()])

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
                        'the same metainfo.classes, in one order; a COCO reader takes that of '
                        "its file's categories."
                    )
        if first is None:
            return
        if self.trained and self.trained != first[1]:
            raise ValueError(
                f'{first[0]} has the classes {first[1]}, but the checkpoint was trained with '
                f'{self.trained}. Labels are places in this list: give both the same, in one order.'
            )
        heads = _heads(runner.model, 'model')
        for split, loop in loops.items():
            metrics = loop.evaluator.metrics if hasattr(loop, 'evaluator') else []
            for number, metric in enumerate(metrics):
                place = f'{split}_evaluator.{number}'
                _refuse_other_images(metric, loop.dataloader.dataset, place)
                if isinstance(detector := getattr(metric, 'detector', None), nn.Module):
                    heads += _heads(detector, f'{place}.detector')
                    trained = getattr(detector, 'trained_classes', ())
                    if trained and trained != first[1]:
                        raise ValueError(
                            f'{place}.detector was trained with the classes {trained}, but '
                            f'{first[0]} has {first[1]}. Name a detector of the same, in one order.'
                        )
        for name, count in heads:
            if count != len(first[1]):
                raise ValueError(
                    f'{name}.num_classes is {count}, but {first[0]} has {len(first[1])} classes, '
                    f'{first[1]}. Set num_classes={len(first[1])} there.'
                )


def refuse_unused_classes(datasets: Sequence[object]) -> None:
    """Raise ValueError where no annotation of any detection data set has one of the classes."""
    classes: set[str] = set()
    used: set[str] = set()
    for dataset in datasets:
        for part, _ in _labelled(dataset, ''):
            if isinstance(part, BaseDetDataset):
                names = _names(part)
                classes.update(names)
                used.update(
                    names[item['bbox_label']]
                    for row in range(len(part))
                    for item in part.get_data_info(row)['instances']
                    if not item.get('ignore_flag')
                )
    if unused := sorted(classes - used):
        raise ValueError(
            f'no annotation of the training and validation data has the classes {unused}, or all '
            'are ignored (difficult, iscrowd, bbox_min_size). Take them out of metainfo.classes, '
            'or correct names and flags.'
        )


def _refuse_other_images(metric: object, dataset: object, place: str) -> None:
    """Raise ValueError where a metric would take images for others, as CocoMetric goes by ids.

    Two data sets that are joined may have one id each for another image; and a metric may have a
    json of its own, of other images than the data set.
    """
    if not hasattr(metric, '_coco_api'):
        return
    own, known = metric._coco_api, dict[Any, str]()
    listed = (
        {image['id']: str(image['file_name']) for image in own.dataset['images']} if own else {}
    )
    lacking = []
    for part, _ in _labelled(dataset, ''):
        ends = part.naming.ends if hasattr(part, 'naming') else ()
        for info in map(part.get_data_info, range(len(part))):
            number, path = info['img_id'], info['img_path']
            if (other := known.setdefault(number, path)) != path:
                raise ValueError(
                    f'{place} tells images by their ids, but {other} and {path} both have the id '
                    f'{number!r}: it would take them for one. Score each data set by itself, or '
                    'by VOCMetric.'
                )
            name = listed.pop(number, '')
            pair_id = info.get('pair_id') or bare_stem(path).rpartition('/')[2]
            if own and pair_id not in match_ids([name], [pair_id], ends):
                lacking.append(f'{number} ({path})')
    for what, found in (('has not', lacking), ('has besides', list(listed.values()))):
        if found:
            raise ValueError(
                f'{place}.ann_file is of other images than the data set: {len(found)} it {what}, '
                f'such as {found[0]}. Name the ann_file of the dataloader; the log says what its '
                'reader left out.'
            )


def _classes(dataset: object, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The classes of each labelled data set under whatever wrappers, with its place."""
    for part, where in _labelled(dataset, place):
        classes = _names(part)
        if isinstance(classes, str):
            raise ValueError(
                f'{where}.metainfo.classes is the string {classes!r}, not a tuple of names. One '
                f'class is written with a comma: classes=({classes!r},).'
            )
        yield where, tuple(classes)


def _labelled(dataset: Any, place: str) -> Iterator[tuple[Any, str]]:
    """Each labelled data set with classes under whatever wrappers, with its place."""
    parts = getattr(dataset, 'datasets', None)
    if parts is not None:
        for number, part in enumerate(parts):
            yield from _labelled(part, f'{place}.datasets.{number}')
    elif hasattr(dataset, 'dataset'):
        yield from _labelled(dataset.dataset, f'{place}.dataset')
    elif getattr(dataset, 'labelled', True) and _names(dataset):
        yield dataset, place


def _names(dataset: object) -> str | list[str] | tuple[str, ...]:
    return getattr(dataset, 'metainfo', {}).get('classes', ())


def _heads(model: nn.Module, place: str) -> list[tuple[str, int]]:
    """Name and class count of each detection head; a region proposal head has none."""
    return [
        (f'{place}.{name.removeprefix("module.")}', module.num_classes)
        for name, module in model.named_modules()
        if getattr(module, 'num_classes', 0) > 0 and not name.endswith('rpn_head')
    ]
