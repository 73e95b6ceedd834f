"""Exports a trained MoE-Fusion: `moefusion export CONFIG CHECKPOINT --out X.onnx`."""

from __future__ import annotations

import argparse
from pathlib import Path

from moefusion.apis.command import command
from moefusion.extras import need
from moefusion.files.pairs import is_one_file
from moefusion.weights.bundled import BUNDLED


@command
def main(argv: list[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog='moefusion export',
        description=__doc__,
        epilog='Without CONFIG and CHECKPOINT it exports the bundled weights, to the file beside '
        'them that `moefusion fuse` takes: `python tools/export.py --half` after new ones.',
    )
    parser.add_argument('config', nargs='?', help='config of a MoEFusion')
    parser.add_argument('checkpoint', nargs='?', help='what was trained with it')
    parser.add_argument('--out', metavar='X.onnx', help='file to write')
    parser.add_argument(
        '--half', action='store_true', help='store float16: half the size; computed in float32'
    )
    args = parser.parse_args(argv)
    if args.config and not (args.checkpoint and args.out):
        parser.error('CONFIG, CHECKPOINT and --out go together')
    checkpoint = Path(args.checkpoint or BUNDLED)
    out = Path(args.out or checkpoint.with_suffix('.onnx'))
    if is_one_file(checkpoint, out):
        raise ValueError(f'{out} is the checkpoint: name another file for the exported network')
    export_onnx = need('moefusion.apis.export', 'moefusion export', 'mm,export').export_onnx
    fuse = need('moefusion.apis', 'moefusion export').FusionInferencer(
        args.config, args.checkpoint, 'cpu'
    )
    size = export_onnx(fuse.model, checkpoint, out, args.half)
    print(f'{out}: {size / 1e6:.1f} MB')
    return 0
