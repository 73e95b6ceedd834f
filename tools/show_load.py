"""Draws each gate's load over a training, from its log.

python tools/show_load.py WORK_DIR --out PNG
"""

from __future__ import annotations

import argparse

from moefusion.apis.command import command
from moefusion.files import write_file
from moefusion.visualization.load_picture import draw_load, read_gates


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('log', help='work directory of a training, or its scalars.json')
    parser.add_argument('--out', required=True, metavar='FILE', help='the picture, such as a.png')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Read, draw and write."""
    args = parse_args(argv)
    write_file(args.out, draw_load(read_gates(args.log), args.log))
    print(f'Wrote {args.out}')


if __name__ == '__main__':
    main()
