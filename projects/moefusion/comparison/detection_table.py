"""Scores source and fused images with one detector: AP at IoU 0.5 (paper, Tables 3 to 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmcv.transforms import Compose
from mmdet.apis import inference_detector
from mmdet.evaluation import eval_map
from mmdet.registry import DATASETS, MODELS
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.published import published_detection
from moefusion.comparison.tables import Row, Table
from moefusion.files import Annotation, read_visible
from moefusion.weights.checkpoint import load_weights

IOU = 0.5


def load_detector(config: str | Path, checkpoint: str | Path, device: str = 'cpu') -> nn.Module:
    """Build a detector and load its weights, without running code from the checkpoint.

    Args:
        config (str | Path): A stock MMDetection config, such as those in ``configs/detectors``.
        checkpoint (str | Path): Its weights.
        device (str): Where it runs.

    Returns:
        nn.Module: In evaluation mode, with ``cfg`` and ``dataset_meta``, as
        :func:`mmdet.apis.inference_detector` wants it.

    Raises:
        EvaluationError: If neither checkpoint nor config say what the classes are.
    """
    if not Path(config).is_file():
        raise EvaluationError(f'{config}: there is no such config file')
    cfg = Config.fromfile(config)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = MODELS.build(cfg.model)
    meta = load_weights(model, checkpoint).get('meta', {})
    dataset = cfg.test_dataloader.dataset
    kind = DATASETS.get(dataset.type)
    classes = (
        meta.get('dataset_meta', {}).get('classes')
        or dataset.get('metainfo', {}).get('classes')
        or getattr(kind, 'METAINFO', {}).get('classes')
    )
    if not classes:
        raise EvaluationError(
            f'{config}: neither the config (test_dataloader.dataset.metainfo) '
            f'nor {checkpoint} names the classes'
        )
    model.cfg, model.dataset_meta = cfg, dict(classes=tuple(classes))
    return model.to(device).eval()


def detection_table(
    model: nn.Module,
    images: EvaluationSet,
    paper: str | None = None,
    progress: Callable[[Iterable, int], Iterable] = lambda items, total: items,
) -> Table:
    """Detect on visible, infrared and every method's images and compare with the boxes.

    Args:
        model (nn.Module): From :func:`load_detector`.
        images (EvaluationSet): The test set, with annotations.
        paper (str, optional): Data set whose published rows to add.
        progress (Callable): Wraps the iterator over images, given their number.

    Returns:
        Table: AP of each class and mAP in percent. The curve is integrated over all its points
        (VOC since 2010).
    """
    classes = model.dataset_meta['classes']
    taken = {'Visible', 'Infrared'} & set(images.fused)
    if taken:
        raise EvaluationError(
            f'{taken.pop()}: the detection table has a row of this name for the '
            'source images; call the method otherwise'
        )
    folders = {'Visible': images.visible, 'Infrared': images.infrared, **images.fused}
    steps = progress(
        ((name, stem) for name in folders for stem in images.stems),
        len(folders) * len(images.stems),
    )
    pipeline = _array_pipeline(model.cfg)
    truths, unknown, detections = {}, Counter(), {name: [] for name in folders}
    for name, stem in steps:
        image = read_visible(folders[name][stem])
        height, width = image.shape[:2]
        if stem not in truths:
            truths[stem] = _truth(images.annotations[stem].usable(width, height), classes, unknown)
        found = inference_detector(model, image, pipeline).pred_instances.cpu().numpy()
        boxes = np.hstack([found.bboxes, found.scores[:, None]])
        detections[name].append([boxes[found.labels == i] for i in range(len(classes))])
    rows = [
        Row(
            name,
            _average_precision(found, list(truths.values()), classes),
            ranked=name in images.fused,
        )
        for name, found in detections.items()
    ]
    notes = [
        f'AP at IoU {IOU} in percent, one detector for all rows, measured on '
        f'{len(images.stems)} images. Only fusion methods are ranked.'
    ]
    if unknown:
        notes.append(
            'Objects of classes that the detector does not know were left out: '
            + ', '.join(f'{count} {name}' for name, count in unknown.items())
            + '.'
        )
    title = 'Detection'
    if paper:
        number, published = published_detection(paper)
        rows += [
            Row(
                name,
                values,
                f'published, Table {number}',
                ranked=name not in ('Visible', 'Infrared'),
            )
            for name, values in published.items()
        ]
        title += f', beside the published values on {paper.upper()}'
    return Table(title, _columns(rows), rows, digits=2, notes=notes)


def average_detections(tables: Sequence[Table]) -> Table:
    """The mean of one detector's tables over its seeds, with the smallest and largest mAP.

    Args:
        tables (Sequence[Table]): from :func:`detection_table`, for checkpoints of one config.

    Returns:
        Table: the first one's rows; the measured ones averaged. A single table comes back as it is.
    """
    first, seeds = tables[0], len(tables)
    if seeds == 1:
        return first
    rows = []
    for number, row in enumerate(first.rows):
        if row.origin == 'measured':
            several = [table.rows[number].values for table in tables]
            maps = [values['mAP'] for values in several]
            means = {
                name: float(np.mean([values[name] for values in several])) for name in row.values
            }
            row = replace(row, values={**means, 'lowest mAP': min(maps), 'highest mAP': max(maps)})
        rows.append(row)
    return replace(
        first,
        rows=rows,
        columns=[*first.columns, 'lowest mAP', 'highest mAP'],
        notes=[*first.notes, f'Means over {seeds} trainings of the detector.'],
    )


def _array_pipeline(cfg: Config) -> Compose:
    """The config's test pipeline, for images that are read already."""
    steps = [step for step in get_test_pipeline_cfg(cfg) if step.type != 'LoadAnnotations']
    return Compose([dict(type='mmdet.LoadImageFromNDArray'), *steps[1:]])


def _truth(objects: Annotation, classes: Sequence[str], unknown: Counter) -> dict:
    labels = np.array(
        [classes.index(name) if name in classes else -1 for name in objects.names], dtype=np.int64
    )
    ignored = np.array(objects.ignored, dtype=bool)
    unknown.update(name for name, label in zip(objects.names, labels) if label < 0)
    real, skipped = (labels >= 0) & ~ignored, (labels >= 0) & ignored
    return dict(
        bboxes=objects.boxes[real],
        labels=labels[real],
        bboxes_ignore=objects.boxes[skipped],
        labels_ignore=labels[skipped],
    )


def _average_precision(detections: list, truths: list, classes: Sequence[str]) -> dict[str, float]:
    mean, results = eval_map(
        detections,
        truths,
        iou_thr=IOU,
        dataset=classes,
        logger='silent',
        eval_mode='area',
        use_legacy_coordinate=True,
    )
    scores = {
        name: 100 * float(result['ap']) if result['num_gts'] else float('nan')
        for name, result in zip(classes, results)
    }
    return {**scores, 'mAP': 100 * float(mean)}


def _columns(rows: Sequence[Row]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row.values)
    return [*(name for name in names if name != 'mAP'), 'mAP']
