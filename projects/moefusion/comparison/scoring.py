"""Scores every method on every image of a test set, in one or several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.regions import foreground_mask
from moefusion.files import Annotation, read_infrared, read_visible
from moefusion.metrics import GrayImages, fusion_metrics, one_sided_metrics


@dataclass(frozen=True)
class Task:
    """One image of the test set, for a worker: its files, boxes, and what to score."""

    stem: str
    visible: Path
    infrared: Path
    fused: dict[str, Path]
    annotation: Annotation | None
    regions: tuple[str, ...]
    protocol: str
    one_sided: bool = False


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


def make_tasks(
    images: EvaluationSet, regions: Sequence[str], protocol: str, one_sided: bool = False
) -> list[Task]:
    """One task for each image, in the order of the stems."""
    annotations = images.annotations or {}
    return [
        Task(
            stem,
            images.visible[stem],
            images.infrared[stem],
            {method: files[stem] for method, files in images.fused.items()},
            annotations.get(stem),
            tuple(regions),
            protocol,
            one_sided,
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
    scores = {result.stem: result for result in progress(_run(tasks, workers), len(tasks))}
    return [scores[task.stem] for task in tasks]


def as_frame(scores: Iterable[Scores]) -> pd.DataFrame:
    """A row for each image, region and method, with the metrics behind these three columns."""
    return pd.DataFrame(
        dict(region=region, method=method, image=image.stem, **metrics)
        for image in scores
        for region, methods in image.values.items()
        for method, metrics in methods.items()
    )


def _run(tasks: Sequence[Task], workers: int) -> Iterator[Scores]:
    workers = min(workers, len(tasks))
    if workers <= 1:
        yield from map(score_image, tasks)
        return
    # spawn: a fork after PyTorch has started its threads may hang
    with ProcessPoolExecutor(workers, multiprocessing.get_context('spawn'), _one_thread) as pool:
        for future in as_completed([pool.submit(score_image, task) for task in tasks]):
            yield future.result()


def _one_thread() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def score_image(task: Task) -> Scores:
    """Score all methods on one image; what is wrong with its files is returned, not raised."""
    scores = Scores(task.stem)
    try:
        visible, infrared = _read_rgb(task.visible), read_infrared(task.infrared)
        fused = {method: _read_rgb(path) for method, path in task.fused.items()}
        several = len(fused) > 1
        for region in task.regions:
            mask = None
            if region != 'whole' and task.annotation:
                mask = foreground_mask(task.annotation, infrared.shape[1], infrared.shape[0])
                if region == 'foreground' and not mask.any():
                    continue
                mask = mask if region == 'foreground' else ~mask
            sources = (
                GrayImages(visible, mask, 'visible', several),
                GrayImages(infrared, mask, 'infrared', several),
            )
            scores.values[region] = {
                method: _score(*sources, GrayImages(image, mask, f'fused {method}'), task)
                for method, image in fused.items()
            }
    except ValueError as error:  # of the readers and the metrics alike
        scores.problem, scores.values = str(error), {}
    return scores


def _score(
    visible: GrayImages, infrared: GrayImages, fused: GrayImages, task: Task
) -> dict[str, float]:
    found = [fusion_metrics(visible, infrared, fused, task.protocol)]
    if task.one_sided:
        found.append(one_sided_metrics(visible, infrared, fused, task.protocol))
    return {name: float(score) for scores in found for name, score in scores.items()}


def _read_rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(read_visible(path), cv2.COLOR_BGR2RGB)
