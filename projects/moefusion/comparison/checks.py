"""Finds what keeps images from being scored before the scoring, from their headers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.scoring import Task
from moefusion.files import PairError, read_size
from moefusion.metrics.visual_information_fidelity import SMALLEST_SIDE


def leave_out_sizes(images: EvaluationSet) -> None:
    """Leave out images whose files differ in size, or are too small for the metrics.

    A file whose header cannot be read stays: its reader says more, and takes more.

    Raises:
        EvaluationError: if no image is left.
    """
    problems = ((stem, _size_problem(images, stem)) for stem in images.stems)
    images.leave_out({stem: problem for stem, problem in problems if problem})


def _size_problem(images: EvaluationSet, stem: str) -> str | None:
    files = {'visible': images.visible[stem], 'infrared': images.infrared[stem]}
    files |= {f'fused {name}': paths[stem] for name, paths in images.fused.items()}
    try:
        sizes = {what: read_size(path) for what, path in files.items()}
    except PairError:
        return None
    if images.annotations and (annotated := images.annotations[stem].size):
        sizes['annotation'] = annotated
    first = sizes['visible']
    for what, size in sizes.items():
        if size != first:
            return f'visible is {first[0]} x {first[1]} but {what} is {size[0]} x {size[1]}'
    if min(first) < SMALLEST_SIDE:
        return (
            f'{first[0]} x {first[1]} pixels, but VIF needs {SMALLEST_SIDE} x {SMALLEST_SIDE} '
            'or more'
        )
    return None


def expected_scores(tasks: Iterable[Task]) -> pd.DataFrame:
    """The columns region, method and image of the scores that tasks will give."""
    rows = [
        (region, method, task.stem)
        for task in tasks
        for region, boxes in task.regions.items()
        if region != 'foreground' or (boxes and not all(boxes.ignored))
        for method in task.fused
    ]
    return pd.DataFrame(rows, columns=['region', 'method', 'image'])
