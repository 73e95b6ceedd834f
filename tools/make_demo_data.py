"""Renders a small synthetic data set of aligned visible / infrared street scenes with boxes.

Example:
    python tools/make_demo_data.py --out-dir data/demo
"""

from __future__ import annotations

import argparse

from moefusion.apis.command import command, show_progress
from moefusion.synthetic.writer import make_demo_data


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out-dir', required=True, help='folder to make, in the layout of M3FD')
    parser.add_argument('--train', type=int, default=32, help='pairs to train (default: 32)')
    parser.add_argument('--test', type=int, default=12, help='pairs to test (default: 12)')
    parser.add_argument('--size', type=_size, default=(320, 240), help='WxH (default: 320x240)')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same data (default: 0)')
    parser.add_argument('--mixed-sizes', action='store_true', help='vary the sizes by a quarter')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Render and write."""
    args = parse_args(argv)
    make_demo_data(
        args.out_dir, args.train, args.test, args.size, args.seed, args.mixed_sizes, show_progress
    )
    print(f'{args.out_dir}: {args.train} pairs to train, {args.test} to test')


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split('x'))
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, e.g. 320x240') from None
    return width, height


if __name__ == '__main__':
    main()
