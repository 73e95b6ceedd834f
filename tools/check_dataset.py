"""Checks every file of a paired data set: `python tools/check_dataset.py CONFIG`.

Names each missing, unreadable or mis-sized pair and each bad annotation; exits with 1 if there are
any.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from moefusion import plugin  # noqa: F401  registers the readers, before MMDetection greets

# isort: split
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from mmengine.dataset import BaseDataset

from moefusion.apis import load_config
from moefusion.apis.command import add_config_options, command, show_progress
from moefusion.datasets.layout import KnownFiles, LayoutReport, check_layout
from moefusion.datasets.pipeline import range_of
from moefusion.datasets.readers import find_readers
from moefusion.files import Range, write_file

SPLITS = 'train', 'val', 'test'
BLOCK = 10  # neighbouring frames look alike, so a split keeps runs of them together


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config', help='a config, or one of configs/_base_/datasets')
    parser.add_argument('--split', nargs='+', default=SPLITS, choices=SPLITS)
    parser.add_argument('--max-problems', type=int, default=50, help='how many to print per split')
    text = (
        f'first write train.txt and test.txt with N test pairs, in runs of {BLOCK} spread over '
        'the data set; never replaces an existing split'
    )
    parser.add_argument('--make-split', type=int, metavar='N', help=text)
    add_config_options(parser, 'val_dataloader.dataset.data_root=data/M3FD')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> int:
    """Return 1 if anything is wrong, else 0."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    register_all_modules()
    readers = find_readers(cfg, sorted(args.split, key=SPLITS.index))  # the rest after train
    failed = bool(args.make_split and make_split(readers[0][1], args.make_split))
    checked = []
    pairs: set[str] = set()
    boxes: Counter[str] = Counter()
    classes: set[str] = set()
    ranges: dict[str, Range] = {}
    trained = KnownFiles()
    for split, reader in readers:
        files = split, {key: reader[key] for key in reader if key not in ('pipeline', 'modality')}
        if files in checked:  # the same pairs, once for each modality
            continue
        checked.append(files)
        report = check_layout(build(reader), show_progress)
        root = os.path.realpath(reader.get('data_root') or '.')
        twice = [name for name, path in report.ids.items() if path in pairs]
        if split != 'train' and twice:
            report.problems.append(f'{len(twice)} pairs are also in train, e.g. {min(twice)}')
        if split == 'train':
            pairs.update(report.ids.values())
            trained.add(report.files)
        elif same := find_twins(report.files, trained):
            report.problems.append(
                f'{len(same)} images are in train under other names: {"; ".join(same[:3])}. Take '
                'them out of one of the lists.'
            )
        found = range_of(reader.get('pipeline', ()))
        if found and (first := ranges.setdefault(root, found)) != found:
            report.problems.append(
                f'infrared_range is {found}, but {first} for another split of {root}: give all one'
            )
        print_report(split, reader, report, args.max_problems)
        failed |= bool(report.problems)
        boxes.update(report.boxes)
        classes.update(report.classes)
    if boxes and 'train' in args.split and (unused := sorted(classes - (+boxes).keys())):
        failed = True
        names = ', '.join(unused)
        print(f'PROBLEM: no annotation that counts has {names}: take them out of metainfo.classes')
    return int(failed)


def find_twins(files: set[str], trained: KnownFiles) -> list[str]:
    """Say which files have the bytes of a training image of another name."""
    found = {path: trained.find(path) for path in sorted(files - trained.paths)}
    return [f'{path} is {other}' for path, other in found.items() if other]


def build(reader: ConfigDict, **changes: object) -> BaseDataset:
    """Build a reader without loading anything yet; of its pipeline the loader alone."""
    pipeline = [dict(type='LoadPairedImage', infrared_range=range_of(reader.get('pipeline', ())))]
    return DATASETS.build({**reader, 'pipeline': pipeline, 'lazy_init': True, **changes})


def make_split(reader: ConfigDict, number: int) -> list[str]:
    """Write train.txt and test.txt beside the images, the same for the same pairs and number.

    Returns:
        list[str]: what is missing, and so has no part in the split.
    """
    dataset = build(reader, ann_file='')
    files = [Path(dataset.data_root, f'{name}.txt') for name in ('train', 'test')]
    for file in files:
        if file.exists():
            raise FileExistsError(f'{file} exists; remove it to make another split')
    pairs, missing = dataset.list_pairs()
    ids = [pair['pair_id'] for pair in pairs]
    if not 0 < number < len(ids):
        raise ValueError(f'--make-split {number} of {len(ids)} pairs leaves a split empty')
    runs = -(-number // BLOCK)
    starts = [len(ids) * run // runs for run in range(runs)]
    sizes = [number * (run + 1) // runs - number * run // runs for run in range(runs)]
    test = {i for start, size in zip(starts, sizes) for i in range(start, start + size)}
    for file, wanted in zip(files, (False, True)):
        lines = [f'{name}\n' for index, name in enumerate(ids) if (index in test) == wanted]
        write_file(file, ''.join(lines).encode(errors='surrogateescape'))
        print(f'{file}: {len(lines)} pairs')
    if missing:
        print(f'PROBLEM: {len(missing)} files have no part in the split, such as {missing[0]}')
    return missing


def print_report(split: str, reader: ConfigDict, report: LayoutReport, limit: int) -> None:
    """Print what was found in one split."""
    print(f'{split} ({reader["type"]}, {reader.get("data_root")}): {report.pairs} usable pairs')
    boxes = ', '.join(f'{name} {count}' for name, count in report.boxes.most_common())
    print(f'  boxes: {boxes or "none"}')
    sizes = [f'{w} x {h} ({count})' for (w, h), count in report.sizes.most_common(3)]
    print(f'  sizes: {", ".join(sizes) or "none"}{", ..." if len(report.sizes) > 3 else ""}')
    for note in report.notes:
        print(f'  note: {note}')
    for problem in report.problems[:limit]:
        print(f'  PROBLEM: {problem}')
    if len(report.problems) > limit:
        print(f'  ... and {len(report.problems) - limit} more; raise --max-problems to see them')
    print(f'  {len(report.problems)} problems')


if __name__ == '__main__':
    sys.exit(main())
