"""Scores every method on every image of a test set, in one or several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.regions import foreground_mask
from moefusion.files import Annotation, Range, read_infrared, read_visible
from moefusion.metrics import GrayImages, fusion_metrics, one_sided_metrics


@dataclass
class Scores:
    """What a worker hands back.

    Attributes:
        stem (str): the image.
        values (dict): region, method, metric to value; no foreground in an image without boxes.
        problem (str | None): why the image could not be scored.
    """

    stem: str
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    problem: str | None = None


Task = Callable[[], Scores]


def make_tasks(
    images: EvaluationSet, regions: Sequence[str], protocol: str, one_sided: bool = False
) -> list[Task]:
    """What scores one image each, in the order of the stems."""
    annotations = images.annotations or {}
    return [
        partial(
            _score_image,
            stem,
            (images.visible[stem], images.infrared[stem]),
            images.infrared_range,
            {method: files[stem] for method, files in images.fused.items()},
            {region: annotations.get(stem) for region in regions},
            partial(_score, protocol=protocol, one_sided=one_sided),
        )
        for stem in images.stems
    ]


def score_images(
    tasks: Sequence[Task],
    workers: int = 1,
    progress: Callable[[Iterable, int], Iterable] = lambda items, total: items,
) -> list[Scores]:
    """Score images.

    Args:
        tasks (Sequence[Task]): from :func:`make_tasks`.
        workers (int): processes; each computes on one thread. With 1, none is started.
        progress (Callable): wraps the iterator over finished images, given their number.

    Returns:
        list[Scores]: one for each task, in their order.
    """
    workers = min(workers, len(tasks))
    if workers <= 1:
        return list(progress(map(_run, tasks), len(tasks)))
    # spawn: a fork after PyTorch has started its threads may hang
    with ProcessPoolExecutor(workers, multiprocessing.get_context('spawn'), _one_thread) as pool:
        return list(progress(pool.map(_run, tasks), len(tasks)))


def as_frame(scores: Iterable[Scores]) -> pd.DataFrame:
    """A row for each image, region and method, with the metrics behind these three columns."""
    return pd.DataFrame(
        dict(region=region, method=method, image=image.stem, **metrics)
        for image in scores
        for region, methods in image.values.items()
        for method, metrics in methods.items()
    )


def _run(task: Task) -> Scores:
    return task()


def _one_thread() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _score_image(
    stem: str,
    sources: tuple[Path, Path],
    infrared_range: Range | None,
    fused: Mapping[str, Path],
    regions: Mapping[str, Annotation | None],
    score: Callable[..., dict[str, float]],
) -> Scores:
    """Score all methods on one image; what is wrong with its files is returned, not raised."""
    scores = Scores(stem)
    try:
        visible, infrared = _read_rgb(sources[0]), read_infrared(sources[1], infrared_range)
        candidates = {method: _read_rgb(path) for method, path in fused.items()}
        several = len(fused) > 1
        for region, annotation in regions.items():
            mask = None
            if region != 'whole' and annotation:
                mask = foreground_mask(annotation, infrared.shape[1], infrared.shape[0])
                if region == 'foreground' and not mask.any():
                    continue
                mask = mask if region == 'foreground' else ~mask
            prepared = (
                GrayImages(visible, mask, 'visible', several),
                GrayImages(infrared, mask, 'infrared', several),
            )
            scores.values[region] = {
                method: score(*prepared, GrayImages(image, mask, f'fused {method}'))
                for method, image in candidates.items()
            }
    except ValueError as error:  # of the readers and the metrics alike
        scores.problem, scores.values = str(error), {}
    return scores


def _score(
    visible: GrayImages, infrared: GrayImages, fused: GrayImages, protocol: str, one_sided: bool
) -> dict[str, float]:
    found = [fusion_metrics(visible, infrared, fused, protocol)]
    if one_sided:
        found.append(one_sided_metrics(visible, infrared, fused, protocol))
    return {name: float(score) for scores in found for name, score in scores.items()}


def _read_rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(read_visible(path), cv2.COLOR_BGR2RGB)
