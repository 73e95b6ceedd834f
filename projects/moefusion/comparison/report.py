"""Turns scores into the files that ``tools/evaluate.py`` writes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from moefusion import __version__
from moefusion.comparison.figure import draw_distributions
from moefusion.comparison.published import TABLES, published_scores
from moefusion.comparison.scoring import Scores
from moefusion.comparison.tables import Row, Table
from moefusion.files import write_file
from moefusion.metrics import METRIC_NAMES
from moefusion.metrics.summary import mean_of_defined

OTHER_TABLES = 'detection', 'cues'  # the others are of a region
CONVENTIONS = dict(
    literature='the MATLAB evaluation behind the published tables: uint8 saturation in SD, MI '
    '(joint histogram) and VIF (first scale), relative strength gF at equal gradients in Qabf',
    standard='textbook definitions on 8-bit levels, no saturation',
)


def fusion_table(
    scores: Sequence[Scores], region: str, protocol: str, paper: str | None = None
) -> Table | None:
    """Average one region over the images; None where no image has it.

    Args:
        scores (Sequence[Scores]): Scored images; those with a problem do not count.
        region (str): ``'whole'``, ``'foreground'`` or ``'background'``.
        protocol (str): Of the scores, for the notes.
        paper (str, optional): Data set whose published rows to add.
    """
    images = [image.values[region] for image in scores if region in image.values]
    if not images:
        return None
    columns = list(next(iter(images[0].values())))
    scored = sum(image.problem is None for image in scores)
    notes = [f'Measured on {len(images)} images, protocol "{protocol}".']
    if len(images) < scored:
        notes.append(f'{scored - len(images)} images without boxes have no foreground.')
    rows = []
    for method in images[0]:
        means, undefined = mean_of_defined(
            {
                metric: [image[method].get(metric, math.nan) for image in images]
                for metric in columns
            }
        )
        rows.append(Row(method, means))
        notes += [
            f'{metric} of {method} is undefined on {count} of {len(images)} images, '
            'left out of its mean.'
            for metric, count in undefined.items()
            if count and metric in METRIC_NAMES
        ]
    title = f'Fusion metrics, {region if region != "whole" else "whole image"}'
    if paper:
        origin = f'published, Table {TABLES[region]}'
        rows += [
            Row(name, values, origin) for name, values in published_scores(paper, region).items()
        ]
        title += f', beside the published values on {paper.upper()}'
        notes.append(
            'Published values are those the paper prints, measured by its authors on '
            'their images in the literature protocol.'
        )
        if protocol != 'literature':
            notes.append(
                'SD, MI, VIF and Qabf of measured and published rows do not compare: '
                'the protocols differ.'
            )
    return Table(title, columns, rows, notes=notes)


def per_image_csv(scores: Sequence[Scores]) -> str:
    """Return all values, one line for each region, method and image."""
    rows = [
        [region, method, image.stem, *(values[metric] for metric in METRIC_NAMES)]
        for image in scores
        for region, methods in image.values.items()
        for method, values in methods.items()
    ]
    frame = pd.DataFrame(rows, columns=['region', 'method', 'image', *METRIC_NAMES])
    return frame.to_csv(index=False, lineterminator='\n', na_rep='nan')


def write_report(
    folder: str | Path,
    scores: Sequence[Scores],
    tables: dict[str, Table],
    left_out: dict[str, str],
    settings: dict,
) -> list[Path]:
    """Write tables, figures and per-image values.

    Args:
        folder (str | Path): Where to; made if it is missing.
        scores (Sequence[Scores]): Scored images.
        tables (dict[str, Table]): By region, and ``'detection'`` and ``'cues'``.
        left_out (dict[str, str]): Images that were not scored, and why.
        settings (dict): What was asked for, for the record; has ``protocol``.

    Returns:
        list[Path]: The files.
    """
    folder = Path(folder)
    texts = {'per_image.csv': per_image_csv(scores)}
    for name, table in tables.items():
        stem = name if name in OTHER_TABLES else f'mean_{name}'
        texts[f'{stem}.md'] = table.to_markdown()
        texts[f'{stem}.csv'] = table.to_csv()
        texts[f'{stem}.tex'] = table.to_latex()
    record = dict(
        settings=settings,
        convention=CONVENTIONS[settings['protocol']],
        gray='round(0.298936021293775 R + 0.587043074451121 G + 0.114020904255103 B)',
        versions=dict(
            moefusion=__version__,
            torch=torch.__version__,
            numpy=np.__version__,
            opencv=cv2.__version__,
        ),
        images=[image.stem for image in scores if image.problem is None],
        left_out=left_out,
        tables={name: table.to_dict() for name, table in tables.items()},
    )
    texts['scores.json'] = json.dumps(record, indent=2, allow_nan=False) + '\n'
    contents = {name: text.encode(errors='backslashreplace') for name, text in texts.items()}
    for region in (name for name in tables if name not in OTHER_TABLES):
        title = f'Fusion metrics, {region}, protocol "{settings["protocol"]}"'
        contents[f'distributions_{region}.png'] = draw_distributions(
            _columns(scores, region), title
        )
    for name, data in contents.items():
        write_file(folder / name, data)
    return [folder / name for name in contents]


def _columns(scores: Sequence[Scores], region: str) -> dict[str, dict[str, list[float]]]:
    images = [image.values[region] for image in scores if region in image.values]
    return {
        method: {
            metric: [image[method].get(metric, math.nan) for image in images]
            for metric in METRIC_NAMES
        }
        for method in images[0]
    }
