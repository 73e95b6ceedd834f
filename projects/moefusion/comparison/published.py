"""The values that the paper prints: Tables 1, 2, 6, 7 (fusion metrics) and 3 to 5 (detection).

In Table 2 (ablation) the blocks headed FLIR and LLVIP are swapped against Table 1: its MoE-Fusion
row under FLIR is Table 1's under LLVIP and the other way round. ``published.csv`` files them under
the data set of Table 1 and keeps the printed heading in the column ``printed_as``.
"""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from moefusion.metrics import METRIC_NAMES

DATASETS = ('M3FD', 'FLIR', 'LLVIP')
TABLES = dict(whole=1, foreground=6, background=7)
ABLATION = 2


def published_scores(
    dataset: str, region: str = 'whole', ablation: bool = False
) -> dict[str, dict[str, float]]:
    """The fusion metrics of Table 1 (whole), 6 (foreground) or 7 (background).

    Args:
        dataset (str): ``'M3FD'``, ``'FLIR'`` or ``'LLVIP'``, in any case.
        region (str): ``'whole'``, ``'foreground'`` or ``'background'``.
        ablation (bool): whether to take Table 2 instead, its swapped blocks put right.

    Returns:
        dict[str, dict[str, float]]: values by method, then by metric, in the literature protocol.

    Raises:
        ValueError: if there is no such data set or region.
    """
    if region not in TABLES:
        raise ValueError(f'region must be one of {tuple(TABLES)}, got {region!r}')
    rows = _read('published.csv', dataset)
    rows = rows[rows['table'] == (ABLATION if ablation else TABLES[region])]
    return rows.set_index('method')[list(METRIC_NAMES)].to_dict('index')


def published_detection(dataset: str) -> tuple[int, dict[str, dict[str, float]]]:
    """The number of the detection table (3 to 5) and its AP at IoU 0.5 in percent.

    Args:
        dataset (str): ``'M3FD'``, ``'FLIR'`` or ``'LLVIP'``, in any case.

    Returns:
        tuple[int, dict]: values by method (``Visible`` and ``Infrared`` first), then by class,
        ``mAP`` last. Classes are named as in the data sets.

    Raises:
        ValueError: if there is no such data set.
    """
    rows = _read('published_detection.csv', dataset)
    scores: dict[str, dict[str, float]] = {}
    for method, name, value in zip(rows['method'], rows['class'], rows['AP']):
        scores.setdefault(method, {})[name] = value
    return int(rows['table'].iloc[0]), scores


def _read(name: str, dataset: str) -> pd.DataFrame:
    if dataset.upper() not in DATASETS:
        raise ValueError(f'the paper has no values on {dataset!r}, only on {", ".join(DATASETS)}')
    with files(__package__).joinpath(name).open(encoding='utf-8') as file:
        rows = pd.read_csv(file)
    return rows[rows['dataset'] == dataset.upper()]
