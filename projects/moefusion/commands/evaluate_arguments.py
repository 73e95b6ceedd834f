"""The arguments of ``moefusion evaluate``."""

from __future__ import annotations

import argparse
import os

from moefusion.apis.naming import add_infrared_range, add_naming, named_folder
from moefusion.apis.ranks import add_launcher
from moefusion.metrics import PROTOCOLS, REGIONS


def parse_args(argv: list[str] | None = None, description: str | None = None) -> argparse.Namespace:
    """Read the arguments, and refuse those that do not go together."""
    parser = argparse.ArgumentParser(
        prog=None if argv is None else 'moefusion evaluate',
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_files(parser)
    add_naming(parser)
    add_infrared_range(parser)
    _add_scores(parser)
    add_launcher(parser)
    args = parser.parse_args(argv)
    if len(dict(args.fused)) < len(args.fused):
        parser.error('--fused: two methods have one name')
    if len({os.path.realpath(folder) for _, folder in args.fused}) < len(args.fused):
        parser.error('--fused: two methods have one folder')
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
    text = 'where the tables go, and each score as it comes: a second run goes on from there'
    add('--out-dir', required=True, metavar='DIR', help=text)
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
