"""Scores fused images of any method: eight fusion metrics, and detection with one detector.

python tools/evaluate.py --visible DIR --infrared DIR --fused NAME=DIR [NAME=DIR ...] --out-dir DIR
"""

from __future__ import annotations

import argparse

import pandas as pd

from moefusion.apis.command import command, show_progress
from moefusion.apis.device import choose_device
from moefusion.apis.naming import add_naming, chosen_naming, named_folder
from moefusion.comparison.cues import cue_table
from moefusion.comparison.given_scores import read_given_scores
from moefusion.comparison.pairs import EvaluationSet, find_evaluation_set
from moefusion.comparison.regions import REGIONS
from moefusion.comparison.report import fusion_table, write_report
from moefusion.comparison.scoring import as_frame, make_tasks, score_images
from moefusion.comparison.tables import Table
from moefusion.files import read_cues, read_lines
from moefusion.metrics import PROTOCOLS


def parse_args() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_files(parser)
    add_naming(parser)
    _add_scores(parser)
    args = parser.parse_args()
    if len(dict(args.fused)) < len(args.fused):
        parser.error('--fused: two methods have one name')
    if args.detect and len(args.detect) < 2:
        parser.error('--detect: give the config and one or more checkpoints')
    args.regions = args.regions or list(REGIONS if args.ann else REGIONS[:1])
    if not args.ann and (args.detect or args.coco_detector or args.regions != ['whole']):
        parser.error(
            '--detect, --coco-detector and the regions foreground and background need boxes: '
            'give --ann'
        )
    return args


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add('--visible', required=True, metavar='DIR', help='visible images')
    add('--infrared', required=True, metavar='DIR', help='infrared images')
    text = 'fused images of each method'
    add('--fused', required=True, nargs='+', metavar='NAME=DIR', type=named_folder, help=text)
    add('--out-dir', required=True, metavar='DIR', help='where the tables go')
    text = 'boxes, COCO json or folder of VOC XML files: adds foreground and background tables'
    add('--ann', metavar='PATH', help=text)
    text = 'boxes of what one camera shows (COCO json with source): adds a table of what is left'
    add('--cues', metavar='JSON', help=text)
    text = 'stems of the test set, one a line (default: what any method has)'
    add('--list', metavar='FILE', help=text)
    text = 'ends of file names to ignore when pairing, such as _RGB'
    add('--strip', nargs='+', default=[], metavar='END', help=text)
    text = 'scores of other methods, one row an image and method (as per_image.csv), to rank along'
    add('--scores', metavar='CSV', help=text)


def _add_scores(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    text = 'default: whole; with --ann all three'
    add('--regions', nargs='+', choices=REGIONS, help=text)
    text = 'literature: as in published tables (default); standard: textbook'
    add('--protocol', choices=PROTOCOLS, default=PROTOCOLS[0], help=text)
    text = 'also MI, VIF and Qabf with one source alone, as columns of their own'
    add('--one-sided', action='store_true', help=text)
    add('--workers', type=int, default=1, help='processes (default: 1)')
    text = "add the paper's published rows"
    add('--paper', choices=['m3fd', 'flir', 'llvip'], type=str.lower, help=text)
    text = 'also score detection with this detector; of several checkpoints the mean is reported'
    add('--detect', nargs='+', metavar=('CONFIG', 'CHECKPOINT'), help=text)
    text = 'also score detection by YOLOv4-tiny as trained on COCO: person, bicycle, car'
    add('--coco-detector', action='store_true', help=text)
    add('--device', help='of the detector (default: a GPU if there is one)')


@command
def main() -> None:
    """Score, print and write the tables."""
    args = parse_args()
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
    for note in images.notes:
        print(f'{args.ann}: {note}')
    for folder, extra in images.extra.items():
        if extra:
            print(f'{folder}: {len(extra)} images are not in the test set, such as {extra[0]}')
    scores = score(images, args)
    tables = {
        region: table
        for region in args.regions
        if (table := fusion_table(scores, region, args.protocol, args.paper))
    }
    if cues:
        tables['cues'] = cue_table(images, cues, show_progress)
    if args.detect:
        tables['detection'] = detect(images, args)
    if args.coco_detector:
        from moefusion.comparison.coco_detector import coco_table

        tables['coco'] = coco_table(images, show_progress)
    settings = {name: value for name, value in vars(args).items() if name != 'out_dir'}
    files = write_report(args.out_dir, scores, tables, images, settings)
    for table in tables.values():
        print(f'\n{table.to_markdown()}')
    print(f'Wrote {", ".join(file.name for file in files)} to {args.out_dir}')


def score(images: EvaluationSet, args: argparse.Namespace) -> pd.DataFrame:
    """Score every image, leave out what cannot be scored, add the scores that were given."""
    tasks = make_tasks(images, args.regions, args.protocol, args.one_sided)
    found = score_images(tasks, args.workers, show_progress)
    images.leave_out({image.stem: image.problem for image in found if image.problem})
    print(f'{len(images.stems)} images scored, {len(images.left_out)} left out')
    for stem, reason in images.left_out.items():
        print(f'  left out {stem}: {reason}')
    scores = as_frame(found)
    if args.scores:
        given = read_given_scores(args.scores, scores)
        print(f'With the scores of {", ".join(given["method"].unique())} from {args.scores}')
        scores = pd.concat([scores, given])
    return scores


def detect(images: EvaluationSet, args: argparse.Namespace) -> Table:
    """The detection table, averaged over the checkpoints."""
    from moefusion import plugin  # noqa: F401  registers the readers
    from moefusion.comparison.detection_table import (
        average_detections,
        detection_table,
        load_detector,
    )

    config, *checkpoints = args.detect
    device = str(choose_device(args.device))
    detectors = (load_detector(config, checkpoint, device) for checkpoint in checkpoints)
    return average_detections(
        [detection_table(detector, images, args.paper, show_progress) for detector in detectors]
    )


if __name__ == '__main__':
    main()
