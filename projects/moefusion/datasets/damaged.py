"""Leaves out of a test what cannot be read, before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from moefusion.cpus import limited_cpus
from moefusion.files import Findings, PairError, Range, read_infrared, read_visible
from moefusion.files.decoding import decode


def leave_out_damaged(
    pairs: Sequence[dict[str, Any]],
    modality: str | None,
    infrared_range: Range | None,
    findings: Findings,
) -> list[dict[str, Any]]:
    """Open every image of a test, and leave out pairs with one that would stop it on the way.

    Args:
        pairs (Sequence[dict]): with ``img_path`` and ``infrared_path``.
        modality (str, optional): ``'visible'`` or ``'infrared'``, where that image alone is read.
        infrared_range (tuple[float, float], optional): of the images that are not 8-bit.
        findings (Findings): counts what is left out.

    Raises:
        PairError: if no pair can be read.
    """

    def problem(pair: dict[str, Any]) -> PairError | None:
        try:
            if modality:
                decode(pair['img_path' if modality == 'visible' else 'infrared_path'])
            else:
                read_visible(pair['img_path'])
                read_infrared(pair['infrared_path'], infrared_range)
        except PairError as error:
            return error
        return None

    with ThreadPoolExecutor(limited_cpus() or None) as pool:
        problems = list(pool.map(problem, pairs))
    kept = [pair for pair, error in zip(pairs, problems) if not error]
    for error in filter(None, problems):
        if not kept:
            raise error
        findings.add('pair that cannot be read, left out of the test', str(error), defect=True)
    return kept
