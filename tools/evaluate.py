"""Scores fused images of any method: eight fusion metrics, and detection with one detector.

python tools/evaluate.py --visible DIR --infrared DIR --fused NAME=DIR [NAME=DIR ...] --out-dir DIR
"""

from __future__ import annotations

import argparse

import torch

from moefusion.apis.command import command, show_progress
from moefusion.apis.naming import add_naming, chosen_naming
from moefusion.comparison.cues import cue_table
from moefusion.comparison.given_scores import add_given_scores
from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.regions import REGIONS
from moefusion.comparison.report import fusion_table, write_report
from moefusion.comparison.scoring import make_tasks, score_images
from moefusion.files import read_cues, read_lines
from moefusion.metrics import PROTOCOLS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--visible', required=True, metavar='DIR', help='visible images')
    parser.add_argument('--infrared', required=True, metavar='DIR', help='infrared images')
    parser.add_argument(
        '--fused',
        required=True,
        nargs='+',
        metavar='NAME=DIR',
        type=_method,
        help='fused images of each method',
    )
    parser.add_argument('--out-dir', required=True, metavar='DIR', help='where the tables go')
    parser.add_argument(
        '--ann',
        metavar='PATH',
        help='boxes: COCO json, or folder of VOC XML files; adds the foreground '
        'and background tables',
    )
    parser.add_argument(
        '--cues',
        metavar='JSON',
        help='boxes of what only one camera shows (COCO json with the field source): adds a table '
        'of what is left of it',
    )
    parser.add_argument(
        '--one-sided',
        action='store_true',
        help='also MI, VIF and Qabf with one source alone, as columns of their own',
    )
    parser.add_argument(
        '--list',
        metavar='FILE',
        help='stems of the test set, one a line (default: what any method has)',
    )
    parser.add_argument(
        '--strip',
        nargs='+',
        default=[],
        metavar='END',
        help='ends of file names to ignore when pairing, such as _RGB',
    )
    add_naming(parser)
    parser.add_argument(
        '--regions', nargs='+', choices=REGIONS, help='default: whole; with --ann all three'
    )
    parser.add_argument(
        '--protocol',
        choices=PROTOCOLS,
        default=PROTOCOLS[0],
        help='literature: as in published tables (default); standard: textbook',
    )
    parser.add_argument('--workers', type=int, default=1, help='processes (default: 1)')
    parser.add_argument(
        '--paper',
        choices=['m3fd', 'flir', 'llvip'],
        type=str.lower,
        help="add the paper's published rows",
    )
    parser.add_argument(
        '--scores',
        metavar='CSV',
        help='scores of other methods on the same images, one row an image and '
        'method (columns as in per_image.csv), to rank along',
    )
    parser.add_argument(
        '--detect',
        nargs='+',
        metavar=('CONFIG', 'CHECKPOINT'),
        help='also score detection with this detector; needs --ann. Of several '
        'checkpoints, such as those of three seeds, the mean is reported',
    )
    parser.add_argument(
        '--device',
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help='of the detector (default: %(default)s)',
    )
    args = parser.parse_args()
    if len(dict(args.fused)) < len(args.fused):
        parser.error('--fused: two methods have one name')
    if args.detect and len(args.detect) < 2:
        parser.error('--detect: give the config and one or more checkpoints')
    args.regions = args.regions or list(REGIONS if args.ann else REGIONS[:1])
    if not args.ann and (args.detect or args.regions != ['whole']):
        parser.error('--detect and the regions foreground and background need boxes: give --ann')
    return args


def _method(text: str) -> tuple[str, str]:
    name, _, folder = text.partition('=')
    if not name or not folder:
        raise argparse.ArgumentTypeError(f'{text!r} is not NAME=DIR')
    return name, folder


def evaluate(args: argparse.Namespace) -> None:
    """Score, print and write the tables."""
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
    tasks = make_tasks(images, args.regions, args.protocol, args.one_sided)
    scores = score_images(tasks, args.workers, show_progress)
    images.leave_out({image.stem: image.problem for image in scores if image.problem})
    print(f'{len(images.stems)} images scored, {len(images.left_out)} left out')
    for stem, reason in images.left_out.items():
        print(f'  left out {stem}: {reason}')
    if args.scores:
        methods = add_given_scores(scores, args.scores)
        print(f'With the scores of {", ".join(methods)} from {args.scores}')
    tables = {
        region: table
        for region in args.regions
        if (table := fusion_table(scores, region, args.protocol, args.paper))
    }
    if cues:
        tables['cues'] = cue_table(images, cues, show_progress)
    if args.detect:
        from moefusion import plugin  # noqa: F401  registers the readers
        from moefusion.comparison import detection_table as detection

        config, *checkpoints = args.detect
        tables['detection'] = detection.average_detections(
            [
                detection.detection_table(
                    detection.load_detector(config, checkpoint, args.device),
                    images,
                    args.paper,
                    show_progress,
                )
                for checkpoint in checkpoints
            ]
        )
    settings = {name: value for name, value in vars(args).items() if name != 'out_dir'}
    files = write_report(args.out_dir, scores, tables, images.left_out, settings)
    for table in tables.values():
        print(f'\n{table.to_markdown()}')
    print(f'Wrote {", ".join(file.name for file in files)} to {args.out_dir}')


@command
def main() -> None:
    evaluate(parse_args())


if __name__ == '__main__':
    main()
