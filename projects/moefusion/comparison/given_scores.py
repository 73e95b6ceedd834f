"""Scores of other methods, given image by image in a CSV file, beside measured ones."""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from moefusion.comparison.errors import EvaluationError
from moefusion.files import PairError, read_text, to_id
from moefusion.metrics import METRIC_NAMES, REGIONS

UNDEFINED = '', '-', 'nan', 'NaN'


def read_given_scores(
    path: str | Path,
    measured: pd.DataFrame,
    protocol: str = 'literature',
    excused: Callable[[str], object] = lambda image: False,
) -> pd.DataFrame:
    """Read a file's methods, to be averaged and ranked with the measured ones.

    Args:
        path (str | Path): CSV with the columns method, image, the eight metrics and, unless all
            is about the whole image, region; such as ``per_image.csv`` of ``tools/evaluate.py``.
        measured (pd.DataFrame): from :func:`moefusion.comparison.scoring.as_frame`, or what it
            will have.
        protocol (str): that of the measured scores. A ``per_image.csv`` whose ``scores.json`` says
            another is refused. Defaults to ``'literature'``.
        excused (Callable): whether an image may lack scores. Defaults to none.

    Returns:
        pd.DataFrame: rows like the measured ones, for the same regions and images.

    Raises:
        FileNotFoundError: if the file is not there.
        EvaluationError: if the values are of another protocol, a column is missing, a value is no
            number, a region is unknown, a method is among the measured ones or appears twice for
            an image, lacks a scored image, or has none of the scored regions.
    """
    _refuse_other_protocol(Path(path), protocol)
    given = _read(Path(path))
    stems = set(measured['image'])
    named = given['image'].copy()
    given['image'] = [_to_stem(name, stems) for name in named]
    keys = ['region', 'method', 'image']
    for line in given.index[given.duplicated(keys)]:
        method = given.loc[line, 'method']
        raise EvaluationError(f'{path}, line {line}: {method} has image {named[line]} twice')
    for method in set(given['method']) & set(measured['method']):
        raise EvaluationError(f'{path}: {method} is also a method of --fused; rename it there')
    for line in given.index[~given['region'].isin(REGIONS)]:
        region = given.loc[line, 'region']
        raise EvaluationError(f'{path}, line {line}: region {region!r} is none of {REGIONS}')
    scored = set(measured['region'])
    for method in given['method'].unique():
        regions = set(given['region'][given['method'] == method])
        if not regions & scored:
            raise EvaluationError(
                f'{path}: {method} has scores of {", ".join(sorted(regions))} alone, which is not '
                'scored here; --regions names what is'
            )
    methods, images = given[keys[:2]].drop_duplicates(), measured[['region', 'image']]
    wanted = methods.merge(images.drop_duplicates(), on='region')
    rows = wanted.merge(given, on=keys, how='left', indicator=True)
    for row in rows[rows['_merge'] == 'left_only'].itertuples():
        if not excused(row.image):
            raise EvaluationError(f'{path}: {row.method} has no scores of image {row.image}')
    return rows[[name for name in measured if name in given]]


def _refuse_other_protocol(path: Path, protocol: str) -> None:
    """Raise EvaluationError for a ``per_image.csv`` whose ``scores.json`` says another protocol."""
    record = path.with_name('scores.json')
    if path.name != 'per_image.csv' or not record.is_file():
        return
    try:
        found = json.loads(read_text(record))['settings']['protocol']
    except (LookupError, TypeError, ValueError):
        return  # of another program
    if found != protocol:
        raise EvaluationError(
            f'{path}: its values are of the protocol {found}, as {record} says, and do not compare '
            f'with those of {protocol}. Give --protocol {found}'
        )


def _to_stem(name: str, stems: set[str]) -> str:
    found = to_id(name, stems)
    return found if found in stems else Path(found).name


def _read(path: Path) -> pd.DataFrame:
    """The file's columns, its scores as numbers, with the lines' numbers as index."""
    try:
        content = read_text(path)
        _refuse_long_lines(path, content)
        with warnings.catch_warnings():  # of commas at the end of lines
            warnings.simplefilter('ignore', pd.errors.ParserWarning)
            text = pd.read_csv(
                io.StringIO(content),
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
            )
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{path}: there is no such file') from error
    except EvaluationError:
        raise
    except (PairError, ValueError) as error:
        raise EvaluationError(f'{path}: not CSV ({error})') from error
    missing = {'method', 'image', *METRIC_NAMES} - set(text)
    if missing:
        raise EvaluationError(f'{path}: no column {", ".join(sorted(missing))}')
    text = text.fillna('')  # of short lines
    text.index += 2
    text = text[(text != '').any(axis=1)]
    if text.empty:
        raise EvaluationError(f'{path}: no row under its header')
    if 'region' not in text:
        text['region'] = ''
    text['region'] = text['region'].replace('', 'whole')
    metrics = text.columns.difference(['region', 'method', 'image'], sort=False)
    numbers = text[metrics].apply(pd.to_numeric, errors='coerce')
    wrong = (~np.isfinite(numbers) & ~text[metrics].isin(UNDEFINED)).stack()
    for line, name in wrong.index[wrong]:
        raise EvaluationError(f'{path}, line {line}: {name} is no number: {text.loc[line, name]!r}')
    return text.assign(**numbers)


def _refuse_long_lines(path: Path, content: str) -> None:
    """Raise EvaluationError for a line of more values than columns: 1,5 would be two of them."""
    lines = csv.reader(io.StringIO(content, newline=None))
    header = next(lines, [])
    for row in lines:
        if any(row[len(header) :]):
            raise EvaluationError(
                f'{path}, line {lines.line_num}: {len(row)} values under {len(header)} columns. '
                'Write decimal points, not commas, and names with commas in quotes.'
            )
