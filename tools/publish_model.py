"""Makes a small file of weights for fusing: `python tools/publish_model.py CHECKPOINT OUT.pth`."""

from __future__ import annotations

import argparse
import io
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmdet.registry import MODELS
from torch import Tensor

from moefusion.apis import load_config
from moefusion.apis.command import command
from moefusion.apis.inferencer import UNUSED_PARTS, model_that_fuses
from moefusion.files import write_file
from moefusion.files.pairs import is_one_file
from moefusion.weights.bundled import write_description
from moefusion.weights.checkpoint import load_checkpoint_safely, mismatch, weights_by_name


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
    if is_one_file(Path(args.checkpoint), Path(args.out)):
        raise ValueError(f'{args.out} is the checkpoint, which training goes on from: name another')
    model = model_that_fuses(load_config(args.config)) if args.config else None
    weights = weights_by_name(load_checkpoint_safely(args.checkpoint))
    refuse_others(args.checkpoint, weights, model)
    weights = {
        name: to_half(name, value) if args.half and value.is_floating_point() else value
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


def refuse_others(
    checkpoint: str, weights: dict[str, Tensor], model: dict[str, Any] | None
) -> None:
    """Raise ValueError for weights that are none of a MoE-Fusion, or not the config's."""
    if not any(name.startswith('fusion.') for name in weights):
        raise ValueError(f'{checkpoint} is no checkpoint of a MoEFusion: it has no fusion network')
    if model and (wrong := mismatch(MODELS.build(deepcopy(model)), weights, UNUSED_PARTS)):
        raise ValueError(
            f'{checkpoint} is of another architecture than the config ({wrong}): use the config '
            'that it was trained with'
        )


def to_half(name: str, value: Tensor) -> Tensor:
    """The values as float16; raises ValueError where one is too large for it."""
    half = value.half()
    if value.isfinite().all() and not half.isfinite().all():
        raise ValueError(f'{name} has values beyond float16: leave --half out')
    return half


if __name__ == '__main__':
    main()
