"""Scores source and fused images with one detector: AP at IoU 0.5 (paper, Tables 3 to 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from mmcv.transforms import Compose
from mmdet.apis import inference_detector
from mmdet.models import BaseDetector
from mmdet.registry import DATASETS, MODELS
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope

from moefusion.comparison.cache import fingerprint
from moefusion.comparison.detections import SOURCES, Detector
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.published import published_detection
from moefusion.comparison.tables import MEASURED, Table, score_rows
from moefusion.evaluation import average_precision, boxes_by_class
from moefusion.weights.checkpoint import load_weights, trained_classes

IOU = 0.5


def load_detector(config: str | Path, checkpoint: str | Path, device: str = 'cpu') -> BaseDetector:
    """Build a detector and load its weights, without running code from the checkpoint.

    Args:
        config (str | Path): a stock MMDetection config, such as those in ``configs/detectors``.
        checkpoint (str | Path): its weights.
        device (str): where it runs.

    Returns:
        BaseDetector: in evaluation mode, with ``cfg`` and ``dataset_meta``, as
        :func:`mmdet.apis.inference_detector` wants it, and ``key``, which tells it from others.

    Raises:
        EvaluationError: if the config is none of a detector's training, or neither checkpoint nor
            config say what the classes are.
    """
    if not Path(config).is_file():
        raise EvaluationError(f'{config}: there is no such config file')
    cfg = Config.fromfile(config)
    if lacking := [key for key in ('model', 'test_dataloader') if key not in cfg]:
        raise EvaluationError(
            f'{config}: no {" and no ".join(lacking)}. Name a whole config, such as those in '
            'configs/detectors; its test pipeline prepares the images'
        )
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = MODELS.build(cfg.model)
    trained = trained_classes(load_weights(model, checkpoint))
    dataset = cfg.test_dataloader.dataset
    classes = (
        trained
        or dataset.get('metainfo', {}).get('classes')
        or getattr(DATASETS.get(dataset.type), 'METAINFO', {}).get('classes')
    )
    if not classes:
        raise EvaluationError(
            f'{config}: neither the config (test_dataloader.dataset.metainfo) '
            f'nor {checkpoint} names the classes'
        )
    model.cfg, model.dataset_meta = cfg, dict(classes=tuple(classes))
    model.key = fingerprint([Path(checkpoint)], cfg.to_dict(), torch.device(device).type)
    return model.to(device).eval()


def stock_detector(model: BaseDetector) -> Detector:
    """The detector of :func:`load_detector`, with its config's test pipeline."""
    classes = model.dataset_meta['classes']
    steps = [step for step in get_test_pipeline_cfg(model.cfg) if step.type != 'LoadAnnotations']
    pipeline = Compose([dict(type='mmdet.LoadImageFromNDArray'), *steps[1:]])

    def find(image: np.ndarray) -> list[np.ndarray]:
        found = inference_detector(model, image, pipeline).pred_instances
        return boxes_by_class(found, len(classes))

    return Detector(model.key, classes, find)


def check_detector(detector: Detector, images: EvaluationSet) -> None:
    """Try a detector on a blank image, so that what it raises comes before the work.

    Raises:
        EvaluationError: if a method has the name of a source's row, or the boxes are of other
            classes than the detector's.
    """
    images.check_names(SOURCES)
    truth, unknown = ground_truth(detector, images)
    if unknown and not any(len(each['labels']) for each in truth):
        raise EvaluationError(
            f'{detector.title}: no box of {", ".join(detector.classes)} in these images; there are '
            f'{", ".join(unknown)}'
        )
    detector.find(np.zeros((64, 64, 3), np.uint8))


def detection_table(
    detector: Detector,
    images: EvaluationSet,
    found: Mapping[str, list[list[np.ndarray]]],
    paper: str | None = None,
) -> Table:
    """Compare what was found on visible, infrared and every method's images with the boxes.

    Args:
        detector (Detector): what found it.
        images (EvaluationSet): the test set, with annotations.
        found (Mapping): from :func:`moefusion.comparison.detections.detect`.
        paper (str, optional): data set whose published rows to add.

    Returns:
        Table: AP of each class and mAP in percent; ``nan`` for a class without objects. The curve
        is integrated over all its points (VOC since 2010).
    """
    truth, unknown = ground_truth(detector, images)
    rows = 100 * score_rows(
        {
            name: average_precision(each, truth, detector.classes, IOU)
            for name, each in found.items()
        }
    )
    notes = [
        f'AP at IoU {IOU} in percent, {detector.note}, measured on {len(images.stems)} images. '
        'Only fusion methods are ranked.'
    ]
    if unknown:
        counts = ', '.join(f'{count} {name}' for name, count in unknown.items())
        notes.append(f'Objects of classes that the detector does not know: {counts}: left out.')
    title = detector.title
    if paper:
        number, published = published_detection(paper)
        rows = pd.concat([rows, score_rows(published, f'published, Table {number}')])
        title += f', beside the published values on {paper.upper()}'
    rows.insert(len(rows.columns) - 1, 'mAP', rows.pop('mAP'))
    return Table(title, rows, SOURCES, digits=2, notes=notes)


def average_detections(tables: Sequence[Table]) -> Table:
    """The mean of one detector's tables over its seeds, with the smallest and largest mAP.

    Args:
        tables (Sequence[Table]): from :func:`detection_table`, for checkpoints of one config.

    Returns:
        Table: the measured rows averaged. A single table comes back as it is.
    """
    first, seeds = tables[0], len(tables)
    if seeds == 1:
        return first
    several = pd.concat([table.scores for table in tables]).groupby(level=[0, 1], sort=False)
    rows, maps = several.mean(), several['mAP']
    measured = rows.index.get_level_values('values') == MEASURED
    rows['lowest mAP'] = maps.min().where(measured)
    rows['highest mAP'] = maps.max().where(measured)
    notes = [*first.notes, f'Means over {seeds} trainings of the detector.']
    return replace(first, scores=rows, notes=notes)


def ground_truth(
    detector: Detector, images: EvaluationSet
) -> tuple[list[dict[str, np.ndarray]], Counter[str]]:
    """Each image's boxes as ``eval_map`` takes them, and how many are of unknown classes."""
    truth, unknown = [], Counter[str]()
    for stem in images.stems:
        objects = (images.annotations or {})[stem]
        names = [detector.rename(name) for name in objects.names]
        unknown.update(name for name in names if name not in detector.classes)
        known = np.array([name in detector.classes for name in names], dtype=bool)
        labels = np.array(
            [detector.classes.index(name) for name in names if name in detector.classes], np.int64
        )
        boxes, ignored = objects.boxes[known], np.array(objects.ignored, dtype=bool)[known]
        truth.append(
            dict(
                bboxes=boxes[~ignored],
                labels=labels[~ignored],
                bboxes_ignore=boxes[ignored],
                labels_ignore=labels[ignored],
            )
        )
    return truth, unknown
