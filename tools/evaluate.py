"""Scores fused images of any method; `python tools/evaluate.py --help` says more."""

import sys

from moefusion.commands.evaluate import main

if __name__ == '__main__':
    sys.exit(main())
