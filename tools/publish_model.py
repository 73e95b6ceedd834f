"""Makes a small file of weights for fusing: `python tools/publish_model.py CHECKPOINT OUT.pth`."""

from __future__ import annotations

import argparse
import io

import torch

from moefusion.apis import load_config
from moefusion.apis.command import command
from moefusion.apis.inferencer import UNUSED_PARTS, model_that_fuses
from moefusion.files import write_file
from moefusion.weights.bundled import write_description
from moefusion.weights.checkpoint import load_checkpoint_safely


@command
def main() -> None:
    """Read, leave out, write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Left out are the optimiser, the logs, and the parts that '
        'fusing does not need: the detection heads.',
    )
    parser.add_argument('checkpoint', help='file that training wrote (epoch_*.pth)')
    parser.add_argument('out', help='file to write')
    text = 'store float16: half the size; it is loaded as float32'
    parser.add_argument('--half', action='store_true', help=text)
    text = 'config that it was trained with: writes OUT.json, with the model and the SHA-256'
    parser.add_argument('--config', help=text)
    args = parser.parse_args()
    model = model_that_fuses(load_config(args.config)) if args.config else None
    weights = load_checkpoint_safely(args.checkpoint)['state_dict']
    weights = {
        name: value.half() if args.half and value.is_floating_point() else value
        for name, value in weights.items()
        if not name.startswith(UNUSED_PARTS)
    }
    data = io.BytesIO()
    torch.save(dict(state_dict=weights), data)
    write_file(args.out, data.getvalue())
    if model:
        write_description(args.out, model)
    print(
        f'{args.out}: {sum(value.numel() for value in weights.values()):,} values, '
        f'{len(data.getvalue()) / 1e6:.1f} MB'
    )


if __name__ == '__main__':
    main()
