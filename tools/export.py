"""Exports a trained network: `python tools/export.py CONFIG CHECKPOINT --out X.onnx`."""

import sys

from moefusion.commands.export import main

if __name__ == '__main__':
    sys.exit(main())
