"""Scores fused images of any method: eight fusion metrics, and detection with one detector.

moefusion evaluate --visible DIR --infrared DIR --fused NAME=DIR [NAME=DIR ...] --out-dir DIR
"""

from __future__ import annotations

import argparse
import functools
from typing import Any

import pandas as pd

from moefusion.apis.command import command, show_progress, warn
from moefusion.apis.device import choose_device
from moefusion.apis.naming import chosen_naming, chosen_range
from moefusion.apis.ranks import join_ranks
from moefusion.commands.evaluate_arguments import parse_args
from moefusion.comparison.cache import ResultCache
from moefusion.comparison.checks import expected_scores, leave_out_sizes
from moefusion.comparison.cues import check_cues, cue_table, match_cues
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.given_scores import read_given_scores
from moefusion.comparison.pairs import EvaluationSet, find_evaluation_set
from moefusion.comparison.report import earlier_files, fusion_table, left_out_notes, write_report
from moefusion.comparison.scoring import Task, as_frame, make_tasks, score_images
from moefusion.comparison.tables import Table
from moefusion.files import read_cues, read_lines
from moefusion.progress import Progress, silent
from moefusion.ranks import Ranks

# These say where and how fast, and change no score.
UNRECORDED = 'out_dir', 'workers', 'launcher'


@command
def main(argv: list[str] | None = None) -> int:
    """Check, score, print and write the tables. Return the exit status."""
    args = parse_args(argv, __doc__)
    ranks = join_ranks(args.launcher)
    say = print if ranks.leads else lambda text: None
    names = read_lines(args.list) if args.list else None
    cues = read_cues(args.cues, args.strip) if args.cues else None
    images = find_evaluation_set(
        args.visible,
        args.infrared,
        dict(args.fused),
        args.ann,
        names,
        args.strip,
        chosen_naming(args),
    )
    sources = images.infrared.values()
    args.infrared_range = chosen_range(args.infrared_range, sources, args.out_dir, ranks)
    images.infrared_range = args.infrared_range
    leave_out_sizes(images)
    cues = match_cues(images, cues) if cues is not None else None
    for note in images.notes:
        say(f'{args.ann}: {note}')
    for folder, extra in images.extra.items():
        if extra:
            say(f'{folder}: {len(extra)} images are not in the test set, such as {extra[0]}')
    tasks = make_tasks(images, args.regions, args.protocol, args.one_sided)
    check(images, tasks, cues, args)
    detectors = load_detectors(images, args)
    scores = score(images, tasks, ranks, args)
    detections = detection_tables(detectors, images, ranks, args)
    if not ranks.leads:
        return 0
    if args.scores:
        given = read_given_scores(args.scores, scores, args.protocol)
        print(f'With the scores of {", ".join(given["method"].unique())} from {args.scores}')
        scores = pd.concat([scores, given])
    tables = {
        region: table
        for region in args.regions
        if (table := fusion_table(scores, region, args.protocol, args.paper, len(images.stems)))
    }
    if cues is not None:
        tables['cues'] = cue_table(images, cues, show_progress)
    report(images, scores, tables | detections, args)
    return 0


def check(
    images: EvaluationSet,
    tasks: list[Task],
    cues: dict[str, list[dict[str, Any]]] | None,
    args: argparse.Namespace,
) -> None:
    """Find what is wrong with the other files before hours of scoring, not after."""
    expected = expected_scores(tasks)
    if expected.empty:
        raise EvaluationError(
            f'{args.ann}: no image has a box to score, so the foreground has no table. Correct the '
            'boxes, or name other --regions.'
        )
    if cues is not None:
        check_cues(images, cues)
    if args.scores:
        by_stem = {task.stem: task for task in tasks}
        unscored = functools.cache(lambda stem: by_stem[stem].run().problem)
        read_given_scores(args.scores, expected, args.protocol, unscored)


def load_detectors(images: EvaluationSet, args: argparse.Namespace) -> dict[str, list[Any]]:
    """The detectors of each detection table, tried out before hours of scoring."""
    detectors: dict[str, list[Any]] = {}
    if not args.detect and not args.coco_detector:
        return detectors
    from moefusion import plugin  # noqa: F401  registers the readers

    # isort: split
    from moefusion.comparison.coco_detector import coco_detector
    from moefusion.comparison.detection_table import check_detector, load_detector, stock_detector

    if args.detect:
        (config, *checkpoints), device = args.detect, str(choose_device(args.device))
        models = [load_detector(config, checkpoint, device) for checkpoint in checkpoints]
        detectors['detection'] = [stock_detector(model) for model in models]
    if args.coco_detector:
        detectors['coco'] = [coco_detector()]
    for several in detectors.values():
        for detector in several:
            check_detector(detector, images)
    return detectors


def score(
    images: EvaluationSet, tasks: list[Task], ranks: Ranks, args: argparse.Namespace
) -> pd.DataFrame:
    """Score every image and leave out what cannot be scored."""
    cache = ResultCache(args.out_dir, 'scored', ranks)
    earlier = sum(task.key() in cache.values for task in tasks)
    if earlier and ranks.leads:
        print(f'{earlier} of {len(tasks)} images were scored by an earlier run: {cache.path}')
    try:
        found = score_images(tasks, args.workers, _progress(ranks), cache)
    except BaseException:
        if cache.values:
            warn(f'not finished; scores so far stay in {cache.path}, and the same command goes on')
        raise
    images.leave_out(ranks.gather({s.stem: s.problem for s in found if s.problem})[0])
    if ranks.leads:
        print(f'{len(images.stems)} images scored, {len(images.left_out)} left out')
        for stem, reason in images.left_out.items():
            print(f'  left out {stem}: {reason}')
    return as_frame(found)


def detection_tables(
    detectors: dict[str, list[Any]], images: EvaluationSet, ranks: Ranks, args: argparse.Namespace
) -> dict[str, Table]:
    """The detection tables, means over detectors; none in a process that does not lead."""
    if not detectors:
        return {}
    from moefusion.comparison.detection_table import average_detections, detection_table
    from moefusion.comparison.detections import detect

    cache, tables = ResultCache(args.out_dir, 'detected', ranks), {}
    for name, several in detectors.items():
        found = [detect(each, images, _progress(ranks), cache) for each in several]
        paper = args.paper if name == 'detection' else None
        if ranks.leads:
            tables[name] = average_detections(
                [
                    detection_table(detector, images, boxes, paper)
                    for detector, boxes in zip(several, found)
                ]
            )
    return tables


def report(
    images: EvaluationSet, scores: pd.DataFrame, tables: dict[str, Table], args: argparse.Namespace
) -> None:
    """Write the tables and print them."""
    lacking = [region for region in args.regions if region not in tables]
    notes = [f'No image has a box to score, so the {region} has no table.' for region in lacking]
    for table in tables.values():
        table.notes += notes + left_out_notes(images)
    settings = {name: value for name, value in vars(args).items() if name not in UNRECORDED}
    files = write_report(args.out_dir, scores, tables, images, settings)
    for table in tables.values():
        print(f'\n{table.to_markdown()}')
    print(f'Wrote {", ".join(file.name for file in files)} to {args.out_dir}')
    if old := earlier_files(args.out_dir, files):
        print(f'Of an earlier run, not of this one, are {", ".join(file.name for file in old)}')


def _progress(ranks: Ranks) -> Progress:
    return show_progress if ranks.leads else silent
