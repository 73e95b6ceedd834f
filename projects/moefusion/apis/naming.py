"""The flags that name folders, tell the two files of a pair apart and say how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from moefusion.apis.command import show_progress
from moefusion.files import LAYOUTS, Naming, Range, choose_range
from moefusion.files.naming import choose_naming
from moefusion.ranks import Ranks


def add_naming(parser: argparse.ArgumentParser) -> None:
    """Add ``--layout``, ``--visible-suffix``, ``--infrared-suffix`` and ``--recursive``."""
    parser.add_argument(
        '--layout', choices=LAYOUTS, help='how a published data set names its files'
    )
    parser.add_argument(
        '--visible-suffix',
        metavar='END',
        help="end of the visible files' names before the extension, such as _RGB, or a folder on "
        'their way, such as visible/',
    )
    parser.add_argument('--infrared-suffix', metavar='END', help='the same of the infrared files')
    parser.add_argument(
        '--recursive', action='store_true', help='look into folders inside; ids then name them'
    )


def add_infrared_range(parser: argparse.ArgumentParser) -> None:
    """Add ``--infrared-range``, for :func:`chosen_range`."""
    parser.add_argument(
        '--infrared-range',
        nargs='+',
        metavar=('LOW', 'HIGH'),
        help='infrared values that become 0 and 255 where images have 16 bits or floats; auto: '
        'percentiles 0.1 and 99.9 of all, kept beside the outputs as infrared_range.json; or such '
        'a file',
    )


def chosen_range(
    wanted: list[str] | None,
    files: Iterable[str | Path],
    folder: str | Path,
    ranks: Ranks | None = None,
) -> Range | None:
    """Return what ``--infrared-range`` asks for, see :func:`moefusion.files.choose_range`.

    Of several processes that are joined the first alone reads the images.
    """
    first = (ranks or Ranks()).of_the_first
    return first(lambda: choose_range(wanted, files, folder, show_progress))


def chosen_naming(args: argparse.Namespace) -> Naming:
    """Return what the flags say; single ones go before the layout's."""
    recursive = args.recursive or None  # a layout's own, where the flag is not given
    return choose_naming(args.layout, args.visible_suffix, args.infrared_suffix, recursive)


def named_folder(text: str) -> tuple[str, str]:
    """The two parts of ``NAME=DIR``, a method and the folder of its images."""
    name, _, folder = text.partition('=')
    if not name or not folder:
        raise argparse.ArgumentTypeError(f'{text!r} is not NAME=DIR')
    return name, folder
