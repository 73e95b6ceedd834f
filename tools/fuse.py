"""Fuses visible and infrared images: `python tools/fuse.py VISIBLE INFRARED --out-dir OUT`."""

import sys

from moefusion.commands.fuse import main

if __name__ == '__main__':
    sys.exit(main(backend='torch'))
