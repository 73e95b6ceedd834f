"""Checks a paired data set file by file and names what would stop or spoil a training."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from moefusion.files import AnnotationError, Findings, PairError, read_orientation, read_pair
from moefusion.files.kinds import mixture, read_kind


@dataclass
class LayoutReport:
    """What :func:`check_layout` found.

    Attributes:
        pairs (int): pairs that can be used.
        boxes (Counter): boxes by class name; ignored ones do not count.
        sizes (Counter): pairs by (width, height).
        ids (dict): real path of the visible image of each pair by its id.
        files (set): the images of all pairs, but those of one value alone.
        classes (tuple[str, ...]): the data set's classes, with boxes or without.
        problems (list[str]): what is wrong, each with its file and the cure.
        notes (list[str]): what reading changes on purpose, with counts.
    """

    pairs: int = 0
    boxes: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    ids: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    classes: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_layout(
    dataset: BaseDataset, progress: Callable[[Iterable[dict]], Iterable[dict]] = iter
) -> LayoutReport:
    """Open every pair and annotation of a reader.

    Args:
        dataset (PairedXMLDataset | PairedCocoDataset): built with ``lazy_init=True``.
        progress (Callable): wraps the iteration over the pairs, such as ``tqdm``.

    Returns:
        LayoutReport: the findings; ``problems`` is empty where all is well.
    """
    report = LayoutReport()
    if not hasattr(dataset, 'findings'):
        report.problems.append(f'{type(dataset).__name__} is no reader of pairs')
        return report
    dataset.findings = findings = Findings(keep=None)
    try:
        entries, missing = dataset.list_pairs()
    except (PairError, AnnotationError) as error:
        report.problems.append(str(error))
        return report
    if not entries and not missing:
        missing = [f'no pairs in {dataset.ann_file or dataset.data_prefix["visible"]}']
    report.problems += missing
    kinds: dict[str, str | None] = {}
    report.classes = classes = tuple(dataset.metainfo.get('classes', ()))
    for entry in progress(entries):
        if entry['pair_id'] in report.ids:
            report.problems.append(f'{dataset.ann_file}: lists pair {entry["pair_id"]} twice')
        paths = entry['img_path'], entry['infrared_path']
        report.ids[entry['pair_id']] = os.path.realpath(paths[0])
        kinds[paths[1]] = read_kind(paths[1])
        try:
            pair = read_pair(*paths, dataset.infrared_range)
            info = dataset.parse_data_info(entry)
        except (PairError, AnnotationError) as error:
            report.problems.append(str(error))
        else:
            for path in paths:
                if read_orientation(path) != 1:
                    findings.add('image with an EXIF or TIFF orientation, turned upright', path)
            report.files.update(_look_at(pair, paths, findings))
            report.pairs += 1
            report.sizes[info['width'], info['height']] += 1
            for item in info['instances']:
                if item['ignore_flag']:
                    findings.add('box marked difficult or crowd, ignored in training', paths[0])
                report.boxes[classes[item['bbox_label']]] += not item['ignore_flag']
    if dataset.infrared_range is not None and (problem := mixture(kinds, keep=None)):
        report.problems.append(problem)
    report.problems += findings.lines(findings.defects)
    report.notes += Findings().lines(findings.notes)
    return report


def same_pictures(some: Iterable[str], others: Iterable[str]) -> dict[str, str]:
    """Files of equal bytes under two names: the one among ``others`` by the one among ``some``."""
    states = [{path: os.stat(path) for path in paths} for paths in (some, others)]
    sizes = [{state.st_size for state in found.values()} for found in states]
    both = sizes[0] & sizes[1]
    prints = [
        {
            path: _digest(path, state.st_size, state.st_mtime_ns)
            for path, state in found.items()
            if state.st_size in both
        }
        for found in states
    ]
    known = {digest: path for path, digest in sorted(prints[1].items(), reverse=True)}
    return {path: known[digest] for path, digest in prints[0].items() if digest in known}


@cache
def _digest(path: str, size: int, time: int) -> bytes:
    """A file's print; the training images are compared with those of each other split."""
    return hashlib.sha256(Path(path).read_bytes()).digest()


def _look_at(pair: np.ndarray, paths: tuple[str, str], findings: Findings) -> list[str]:
    """Note images that show nothing, and pairs whose images show the same; return the others."""
    images = pair[..., :3], pair[..., 3:]
    empty = [bool((image == image[:1, :1]).all()) for image in images]
    for path, nothing in zip(paths, empty):
        if nothing:
            findings.add('image of one value alone', path)
    if not all(empty) and (images[0] == images[1]).all():
        findings.add('visible image that shows the same as its infrared one', paths[0], defect=True)
    return [path for path, nothing in zip(paths, empty) if not nothing]
