"""Checks a paired data set file by file and names what would stop or spoil a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mmengine.dataset import BaseDataset

from moefusion.files import AnnotationError, Findings, PairError, read_pair


@dataclass
class LayoutReport:
    """What :func:`check_layout` found.

    Attributes:
        pairs (int): pairs that can be used.
        boxes (Counter): boxes by class name.
        sizes (Counter): pairs by (width, height).
        ids (set): ids of all pairs.
        problems (list[str]): what is wrong, each with its file and the cure.
        notes (list[str]): what reading changes on purpose, with counts.
    """

    pairs: int = 0
    boxes: Counter = field(default_factory=Counter)
    sizes: Counter = field(default_factory=Counter)
    ids: set = field(default_factory=set)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)


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
        entries = _entries(dataset, report)
    except (PairError, AnnotationError) as error:
        report.problems.append(str(error))
        return report
    classes = dataset.metainfo.get('classes', ())
    for entry in progress(entries):
        if entry['img_id'] in report.ids:
            report.problems.append(f'{dataset.ann_file}: lists pair {entry["img_id"]} twice')
        report.ids.add(entry['img_id'])
        try:
            height, width = read_pair(entry['img_path'], entry['infrared_path']).shape[:2]
            info = entry if 'instances' in entry else dataset.parse_data_info(entry)
        except (PairError, AnnotationError) as error:
            report.problems.append(str(error))
        else:
            if (info['width'], info['height']) != (width, height):
                report.problems.append(
                    f'{entry["img_path"]} is {width} x {height}, but its annotation says '
                    f'{info["width"]} x {info["height"]}. Correct the annotation.'
                )
            report.pairs += 1
            report.sizes[width, height] += 1
            report.boxes.update(classes[item['bbox_label']] for item in info['instances'])
    report.problems += findings.lines(findings.defects)
    report.notes += Findings().lines(findings.notes)
    return report


def _entries(dataset, report):
    """Return an entry for each pair whose files are there, and report the missing files."""
    if hasattr(dataset, 'list_pairs'):
        pairs, missing = dataset.list_pairs()
        report.problems += missing
        if not pairs and not missing:
            raise PairError(f'no pairs in {dataset.ann_file or dataset.data_prefix["visible"]}')
        return pairs
    dataset.serialize_data = False
    dataset.full_init()
    return dataset.data_list
