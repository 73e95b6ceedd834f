"""Checks a paired data set file by file and names what would stop or spoil a training."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
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


class KnownFiles:
    """Finds files of equal bytes under other names.

    A known file is read once at most, and only if one of its size is looked for.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._unread: dict[int, list[str]] = {}  # by size; a size stays when all are read
        self._by_digest: dict[bytes, str] = {}

    def add(self, paths: Set[str]) -> None:
        """Take in some files."""
        for path in paths - self.paths:
            self._unread.setdefault(os.path.getsize(path), []).append(path)
        self.paths.update(paths)

    def find(self, path: str) -> str | None:
        """Return a known file of the same bytes, if there is one."""
        size = os.path.getsize(path)
        if size not in self._unread:
            return None
        for known in sorted(self._unread[size]):
            self._by_digest.setdefault(_digest(known), known)
        self._unread[size] = []
        return self._by_digest.get(_digest(path))


def _digest(path: str) -> bytes:
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
