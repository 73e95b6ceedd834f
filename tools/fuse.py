"""Fuses visible and infrared images: `python tools/fuse.py VISIBLE INFRARED --out-dir OUT`."""

from __future__ import annotations

import argparse
import sys

from mmengine.config import DictAction
from tqdm import tqdm

from moefusion.apis import FolderReport, FusionInferencer, find_pairs, fuse_pairs
from moefusion.apis.memory import keep_freed_memory
from moefusion.files import read_lines


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='Exit status: 0 if every pair is fused, 1 if not all are.'
    )
    parser.add_argument('visible', help='visible image, or a folder of them')
    parser.add_argument(
        'infrared',
        help='infrared image, or a folder of them: images are paired '
        'by their names without extension',
    )
    parser.add_argument(
        '--out-dir', required=True, help='where <name>.png goes, at the size of the input'
    )
    parser.add_argument(
        '--list', metavar='FILE', help='names of the images to fuse, one a line (default: all)'
    )
    parser.add_argument('--config', help='config file (default: that of the bundled weights)')
    parser.add_argument(
        '--checkpoint',
        help='checkpoint file, read as data: no code in it runs (default: the bundled weights)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override keys of the config, that of the bundled weights too',
    )
    parser.add_argument(
        '--gray',
        action='store_true',
        help="write one channel; without, the visible image's colour is kept",
    )
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: a GPU if there is one)')
    parser.add_argument('--overwrite', action='store_true', help='fuse again what is there already')
    parser.add_argument(
        '--pictures',
        metavar='DIR',
        help='also write one picture a pair here: '
        'sources, attention, gates and fused image side by side',
    )
    args = parser.parse_args(argv)
    if bool(args.config) != bool(args.checkpoint):
        parser.error('--config and --checkpoint go together: give both or neither')
    return args


def main(argv: list[str] | None = None) -> int:
    args = parse_args(argv)
    report = FolderReport()
    keep_freed_memory()
    try:
        names = read_lines(args.list) if args.list else None
        pairs, report.failed = find_pairs(args.visible, args.infrared, names)
        for stem, reason in report.failed.items():
            warn(f'not fused: {stem}: {reason}')
        inferencer = FusionInferencer(args.config, args.checkpoint, args.device, args.cfg_options)
        fuse_pairs(
            inferencer,
            pairs,
            args.out_dir,
            color=not args.gray,
            overwrite=args.overwrite,
            pictures=args.pictures,
            report=report,
            warn=warn,
            progress=lambda items: tqdm(items, unit='pair', dynamic_ncols=True),
        )
    except (OSError, ValueError) as error:
        # An OSError of our own has no file name beside its message.
        plain = isinstance(error, OSError) and error.strerror and not error.filename
        warn(f'error: {error.strerror if plain else error}')
        return summarise(report, args.out_dir, finished=False)
    except KeyboardInterrupt:
        warn('stopped; the same command goes on from here')
        return summarise(report, args.out_dir, finished=False)
    return summarise(report, args.out_dir)


def summarise(report: FolderReport, out_dir: str, finished: bool = True) -> int:
    """Print the last line, and return the exit status."""
    skipped = f'{len(report.skipped)} skipped'
    if report.skipped:
        skipped += ' (there already; --overwrite fuses them again)'
    if finished or report.fused or report.skipped or report.failed:
        print(f'{len(report.fused)} fused, {skipped}, {len(report.failed)} failed: {out_dir}')
    return 0 if finished and not report.failed else 1


def warn(message: str) -> None:
    tqdm.write(message, file=sys.stderr)


if __name__ == '__main__':
    sys.exit(main())
