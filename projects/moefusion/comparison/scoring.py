"""Scores every method on every image of a test set, in one or several processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from moefusion.comparison.cache import ResultCache, fingerprint
from moefusion.comparison.pairs import EvaluationSet, read_rgb
from moefusion.files import Annotation, Range, read_infrared
from moefusion.image import boxes_to_mask
from moefusion.metrics import GrayImages, fusion_metrics, one_sided_metrics
from moefusion.progress import Progress, silent


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


@dataclass(frozen=True)
class Task:
    """All methods on one image; each field has a part in the scores.

    Attributes:
        stem (str): the image.
        visible, infrared (Path): the sources.
        infrared_range (tuple, optional): what becomes 0 and 255 of infrared images of other
            depths.
        fused (dict[str, Path]): the fused image of each method.
        regions (dict[str, Annotation | None]): what to score, with the image's boxes.
        protocol (str): see :func:`moefusion.metrics.fusion_metrics`.
        one_sided (bool): whether to add :func:`moefusion.metrics.one_sided_metrics`.
    """

    stem: str
    visible: Path
    infrared: Path
    infrared_range: Range | None
    fused: Mapping[str, Path]
    regions: Mapping[str, Annotation | None]
    protocol: str
    one_sided: bool

    def key(self) -> str:
        """What tells this task from others, and from itself once a file has changed."""
        boxes = {
            region: found and [found.boxes.tolist(), found.ignored]
            for region, found in self.regions.items()
        }
        settings = self.stem, list(self.fused), boxes, self.infrared_range
        files = self.visible, self.infrared, *self.fused.values()
        return fingerprint(files, *settings, self.protocol, self.one_sided)

    def run(self) -> Scores:
        """Score the image; what is wrong with its files is returned, not raised."""
        scores = Scores(self.stem)
        try:
            visible = read_rgb(self.visible)
            infrared = read_infrared(self.infrared, self.infrared_range)
            candidates = {method: read_rgb(path) for method, path in self.fused.items()}
            several = len(candidates) > 1
            for region, annotation in self.regions.items():
                mask = region_mask(region, annotation, *infrared.shape)
                if region == 'foreground' and mask is not None and not mask.any():
                    continue
                sources = (
                    GrayImages(visible, mask, 'visible', several),
                    GrayImages(infrared, mask, 'infrared', several),
                )
                scores.values[region] = {
                    method: self._score(*sources, GrayImages(image, mask, f'fused {method}'))
                    for method, image in candidates.items()
                }
        except ValueError as error:  # of the readers and the metrics alike
            scores.problem, scores.values = str(error), {}
        return scores

    def _score(
        self, visible: GrayImages, infrared: GrayImages, fused: GrayImages
    ) -> dict[str, float]:
        found = [fusion_metrics(visible, infrared, fused, self.protocol)]
        if self.one_sided:
            found.append(one_sided_metrics(visible, infrared, fused, self.protocol))
        return {name: float(score) for scores in found for name, score in scores.items()}


Found = Generator[tuple[str, Scores], None, None]


def make_tasks(
    images: EvaluationSet, regions: Sequence[str], protocol: str, one_sided: bool = False
) -> list[Task]:
    """What scores one image each, in the order of the stems."""
    annotations = images.annotations or {}
    return [
        Task(
            stem,
            images.visible[stem],
            images.infrared[stem],
            images.infrared_range,
            {method: files[stem] for method, files in images.fused.items()},
            {region: annotations.get(stem) for region in regions},
            protocol,
            one_sided,
        )
        for stem in images.stems
    ]


def score_images(
    tasks: Sequence[Task],
    workers: int = 1,
    progress: Progress = silent,
    cache: ResultCache | None = None,
) -> list[Scores]:
    """Score the images that have no scores yet.

    Args:
        tasks (Sequence[Task]): from :func:`make_tasks`.
        workers (int): processes; each computes on one thread. With 1, none is started.
        progress (Progress): wraps the iterator over finished images, given their number.
        cache (ResultCache, optional): the scores of earlier runs; takes the new ones as they come.

    Returns:
        list[Scores]: one for each task, in their order; none in a process that does not lead.
    """
    store = cache or ResultCache()

    def run(some: Mapping[str, Task]) -> None:
        found: Found = ((key, task.run()) for key, task in some.items())
        if min(workers, len(some)) > 1:
            found = _run_in_pool(some, workers)
        with contextlib.closing(found):  # whatever stops this loop stops the workers
            for key, scores in progress(found, len(some)):
                store.add(key, asdict(scores), lasting=scores.problem is None)

    return [Scores(**found) for found in store.complete({task.key(): task for task in tasks}, run)]


def as_frame(scores: Iterable[Scores]) -> pd.DataFrame:
    """A row for each image, region and method, with the metrics behind these three columns."""
    return pd.DataFrame(
        dict(region=region, method=method, image=image.stem, **metrics)
        for image in scores
        for region, methods in image.values.items()
        for method, metrics in methods.items()
    )


def region_mask(
    region: str, annotation: Annotation | None, height: int, width: int
) -> np.ndarray | None:
    """Pixels of a region (paper, section D), ``H x W``, ``bool``; None for the whole image."""
    if region == 'whole' or annotation is None:
        return None
    foreground = foreground_mask(annotation, width, height)
    return foreground if region == 'foreground' else ~foreground


def foreground_mask(annotation: Annotation, width: int, height: int) -> np.ndarray:
    """Pixels that a box touches (paper, section D), ``H x W``, ``bool``.

    Objects marked difficult or crowd are no foreground, as in training and in ``FusionMetric``.
    """
    objects = annotation.usable(width, height)
    boxes = objects.boxes[~np.array(objects.ignored, dtype=bool)]
    return boxes_to_mask(torch.from_numpy(boxes), height, width)[0].bool().numpy()


def _run_in_pool(tasks: Mapping[str, Task], workers: int) -> Found:
    # spawn: a fork after PyTorch has started its threads may hang
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(min(workers, len(tasks)), context, _prepare_worker) as pool:
        futures = {pool.submit(task.run): key for key, task in tasks.items()}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _prepare_worker() -> None:
    """Compute on one thread, and end with the process that started this one, not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
