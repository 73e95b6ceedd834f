"""Turns scores into the files that ``tools/evaluate.py`` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from moefusion.comparison.cache import VERSIONS
from moefusion.comparison.figure import draw_distributions
from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.published import TABLES, published_scores
from moefusion.comparison.tables import Table, score_rows
from moefusion.files import write_file
from moefusion.luma import RGB_TO_GRAY
from moefusion.metrics import METRIC_NAMES

OTHER_TABLES = 'detection', 'coco', 'cues'  # the others are of a region
CONVENTIONS = dict(
    literature='the MATLAB evaluation behind the published tables: uint8 saturation in SD, MI '
    '(joint histogram) and VIF (first scale), relative strength gF at equal gradients in Qabf',
    standard='textbook definitions on 8-bit levels, no saturation',
)


def fusion_table(
    scores: pd.DataFrame,
    region: str,
    protocol: str,
    paper: str | None = None,
    total: int | None = None,
) -> Table | None:
    """Average one region over the images; None where no image has it.

    Args:
        scores (pd.DataFrame): from :func:`moefusion.comparison.scoring.as_frame`.
        region (str): ``'whole'``, ``'foreground'`` or ``'background'``.
        protocol (str): of the scores, for the notes.
        paper (str, optional): data set whose published rows to add.
        total (int, optional): images that were scored. Defaults to those that have any region.
    """
    found = scores[scores['region'] == region]
    if found.empty:
        return None
    number = found['image'].nunique()
    notes = [f'Measured on {number} images, protocol "{protocol}".']
    if lacking := (total or scores['image'].nunique()) - number:
        notes.append(f'{lacking} images without boxes have no foreground.')
    columns = list(scores.columns.drop(['region', 'image', 'method']))
    methods = found.groupby('method', sort=False)[columns]
    rows = score_rows(methods.mean().to_dict('index'))
    for method, counts in methods.count().iterrows():
        notes += [
            f'{metric} of {method} is undefined on {number - counts[metric]} of {number} images, '
            'left out of its mean.'
            for metric in METRIC_NAMES
            if counts[metric] < number
        ]
    title = f'Fusion metrics, {region if region != "whole" else "whole image"}'
    if paper:
        origin = f'published, Table {TABLES[region]}'
        rows = pd.concat([rows, score_rows(published_scores(paper, region), origin)])
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
    return Table(title, rows, notes=notes)


def left_out_notes(images: EvaluationSet) -> list[str]:
    """What a table's footer says of the images that are not in it."""
    if not images.left_out:
        return []
    first = min(images.left_out)
    return [
        f'{len(images.left_out)} images are left out, such as {first} ({images.left_out[first]}); '
        'scores.json names all.'
    ]


def write_report(
    folder: str | Path,
    scores: pd.DataFrame,
    tables: Mapping[str, Table],
    images: EvaluationSet,
    settings: Mapping[str, Any],
) -> list[Path]:
    """Write tables, figures and per-image values.

    Args:
        folder (str | Path): where to; made if it is missing.
        scores (pd.DataFrame): from :func:`moefusion.comparison.scoring.as_frame`.
        tables (Mapping[str, Table]): by region, and ``'detection'`` and ``'cues'``.
        images (EvaluationSet): what was scored and what was left out.
        settings (Mapping): what was asked for, for the record; has ``protocol``.

    Returns:
        list[Path]: the files.
    """
    texts = {'per_image.csv': scores.to_csv(index=False, lineterminator='\n')}
    for name, table in tables.items():
        stem = name if name in OTHER_TABLES else f'mean_{name}'
        texts[f'{stem}.md'] = table.to_markdown()
        texts[f'{stem}.csv'] = table.to_csv()
        texts[f'{stem}.tex'] = table.to_latex()
    record = dict(
        settings=settings,
        convention=CONVENTIONS[settings['protocol']],
        gray='round({} R + {} G + {} B)'.format(*RGB_TO_GRAY),
        versions=VERSIONS,
        images=images.stems,
        left_out=images.left_out,
        tables={name: table.to_dict() for name, table in tables.items()},
    )
    texts['scores.json'] = json.dumps(record, indent=2, allow_nan=False) + '\n'
    contents = {name: text.encode(errors='backslashreplace') for name, text in texts.items()}
    for region, found in scores.groupby('region', sort=False):
        title = f'Fusion metrics, {region}, protocol "{settings["protocol"]}"'
        contents[f'distributions_{region}.png'] = draw_distributions(found, title)
    for name, data in contents.items():
        write_file(Path(folder, name), data)
    return [Path(folder, name) for name in contents]


def earlier_files(folder: str | Path, written: Collection[Path]) -> list[Path]:
    """Tables and figures in a folder that :func:`write_report` has not written this time."""
    names = '|'.join(('mean_.*', 'distributions_.*', *OTHER_TABLES))
    ours = re.compile(rf'({names})\.(md|csv|tex|png)')
    found = sorted(path for path in Path(folder).iterdir() if ours.fullmatch(path.name))
    return [path for path in found if path not in written]
