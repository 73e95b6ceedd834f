"""The console script ``moefusion``: hands the arguments to one of its commands."""

from __future__ import annotations

import argparse
import sys

from moefusion.apis.command import command
from moefusion.extras import need

COMMANDS = {
    'fuse': 'fuse images, two files or two folders',
    'video': 'fuse videos, two files, two folders of frames or two cameras',
    'evaluate': 'score fused images of any method, and write tables',
    'demo': 'open a page that fuses two dropped images',
    'export': 'write a trained network as ONNX',
    'info': 'say what is installed and which network fuses',
}


@command
def main(argv: list[str] | None = None) -> int:
    """Run the command that the first argument names, and return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog='moefusion',
        description='Infrared and visible image fusion. `moefusion COMMAND --help` says more.',
    )
    choices = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, text in COMMANDS.items():
        choices.add_parser(name, help=text, add_help=False)
    args = parser.parse_args(argv[:1])
    module = need(f'moefusion.commands.{args.command}', f'moefusion {args.command}')
    status: int = module.main(argv[1:])
    return status


if __name__ == '__main__':
    sys.exit(main())
