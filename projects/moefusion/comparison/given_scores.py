"""Joins scores of other methods, given image by image in a CSV file, with measured ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.scoring import Scores
from moefusion.files import read_text, to_id
from moefusion.metrics import METRIC_NAMES


def add_given_scores(scores: Sequence[Scores], path: str | Path) -> list[str]:
    """Add a file's methods to scored images, so that all are averaged and ranked together.

    Args:
        scores (Sequence[Scores]): scored images; their ``values`` are added to. Those with a
            problem are passed over.
        path (str | Path): CSV with the columns method, image, the eight metrics and, unless all
            is about the whole image, region; such as ``per_image.csv`` of ``tools/evaluate.py``.

    Returns:
        list[str]: the methods.

    Raises:
        FileNotFoundError: if the file is not there.
        EvaluationError: if a column is missing, a value is no number, a method is among the
            measured ones or appears twice for an image, or lacks a scored image. Nothing is
            added then.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: there is no such file')
    images = [image for image in scores if image.problem is None]
    stems = {image.stem for image in images}
    given: dict[tuple[str, str, str], dict[str, float]] = {}
    with io.StringIO(read_text(path), newline='') as file:
        reader = csv.DictReader(file)
        missing = {'method', 'image', *METRIC_NAMES} - set(reader.fieldnames or [])
        if missing:
            raise EvaluationError(f'{path}: no column {", ".join(sorted(missing))}')
        for row in reader:
            stem = to_id(row['image'] or '', stems)
            stem = stem if stem in stems else Path(stem).name
            key = row.get('region') or 'whole', row['method'], stem
            if key in given:
                raise EvaluationError(
                    f'{path}, line {reader.line_num}: {key[1]} has image {row["image"]} twice'
                )
            try:
                given[key] = {name: float(row[name]) for name in METRIC_NAMES}
            except (TypeError, ValueError) as error:
                raise EvaluationError(f'{path}, line {reader.line_num}: {error}') from error
    methods = list(dict.fromkeys(method for _, method, _ in given))
    taken = set(methods) & {
        method for image in images for values in image.values.values() for method in values
    }
    if taken:
        raise EvaluationError(
            f'{path}: {min(taken)} is also a method of --fused; call it otherwise there'
        )
    covered = {(region, method) for region, method, _ in given}
    additions = []
    for image in images:
        for region, values in image.values.items():
            for method in methods:
                if (region, method) not in covered:
                    continue
                if (region, method, image.stem) not in given:
                    raise EvaluationError(f'{path}: {method} has no scores of image {image.stem}')
                additions.append((values, method, given[region, method, image.stem]))
    for values, method, scored in additions:
        values[method] = scored
    return methods
