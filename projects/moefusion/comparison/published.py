"""The values that the paper prints: Tables 1, 2, 6, 7 (fusion metrics) and 3 to 5 (detection).

In Table 2 (ablation) the blocks headed FLIR and LLVIP are swapped against Table 1: its MoE-Fusion
row under FLIR is Table 1's under LLVIP and the other way round. ``published.csv`` files them under
the data set of Table 1 and keeps the printed heading in the column ``printed_as``.
"""

from __future__ import annotations

import csv
from importlib.resources import files

from moefusion.metrics.fusion_metrics import METRIC_NAMES

DATASETS = ('M3FD', 'FLIR', 'LLVIP')
TABLES = dict(whole=1, foreground=6, background=7)
ABLATION = 2


def published_scores(
    dataset: str, region: str = 'whole', ablation: bool = False
) -> dict[str, dict[str, float]]:
    """Return the fusion metrics of Table 1 (whole), 6 (foreground) or 7 (background).

    Args:
        dataset (str): ``'M3FD'``, ``'FLIR'`` or ``'LLVIP'``, in any case.
        region (str): ``'whole'``, ``'foreground'`` or ``'background'``.
        ablation (bool): Return Table 2 instead, its swapped blocks put right.

    Returns:
        dict[str, dict[str, float]]: Values by method, then by metric, in the literature protocol.
    """
    if region not in TABLES:
        raise ValueError(f'region must be one of {tuple(TABLES)}, got {region!r}')
    table, name = ABLATION if ablation else TABLES[region], _dataset(dataset)
    return {
        row['method']: {metric: float(row[metric]) for metric in METRIC_NAMES}
        for row in _read('published.csv')
        if int(row['table']) == table and row['dataset'] == name and row['region'] == region
    }


def published_detection(dataset: str) -> tuple[int, dict[str, dict[str, float]]]:
    """Return the number of the detection table (3 to 5) and its AP at IoU 0.5 in percent.

    Args:
        dataset (str): ``'M3FD'``, ``'FLIR'`` or ``'LLVIP'``, in any case.

    Returns:
        tuple[int, dict]: Values by method (``Visible`` and ``Infrared`` first), then by class,
        ``mAP`` last. Classes are named as in the data sets.
    """
    name, table, scores = _dataset(dataset), 0, {}
    for row in _read('published_detection.csv'):
        if row['dataset'] == name:
            table = int(row['table'])
            scores.setdefault(row['method'], {})[row['class']] = float(row['AP'])
    return table, scores


def _dataset(name: str) -> str:
    if name.upper() not in DATASETS:
        raise ValueError(f'the paper has no values on {name!r}, only on {", ".join(DATASETS)}')
    return name.upper()


def _read(name: str) -> list[dict[str, str]]:
    with files(__package__).joinpath(name).open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))
