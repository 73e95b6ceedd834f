"""Writes what a config's loss wants fused images to become, gray: a recipe seen before training.

python tools/show_target.py CONFIG VISIBLE INFRARED --out-dir OUT
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from moefusion import plugin  # noqa: F401  registers the loss, before MMDetection greets

# isort: split
from mmdet.registry import MODELS

from moefusion.apis import find_pairs, load_config
from moefusion.apis.command import add_config_options, command, show_progress, warn
from moefusion.files import PairError, read_lines, read_pair, write_image
from moefusion.files.pairs import refuse_over_sources
from moefusion.image import rgb_to_gray


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of a training')
    parser.add_argument('visible', help='visible image, or a folder of them')
    parser.add_argument('infrared', help='infrared image, or a folder of them')
    parser.add_argument('--out-dir', required=True, help='where <name>.png go')
    parser.add_argument('--list', metavar='FILE', help='names of the images (default: all)')
    add_config_options(parser, 'model.fusion_loss.adaptive.detail=1.4')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Work out each pair's target, all of it background, and write it."""
    args = parse_args(argv)
    loss = MODELS.build(load_config(args.config, args.cfg_options).model.fusion_loss)
    names = read_lines(args.list) if args.list else None
    pairs, unpaired = find_pairs(args.visible, args.infrared, names)
    for stem, reason in unpaired.items():
        warn(f'left out: {stem}: {reason}')
    refuse_over_sources(pairs, args.out_dir)
    written = 0
    for stem, sources in show_progress(pairs.items(), len(pairs)):
        try:
            pair = torch.from_numpy(read_pair(*sources)).permute(2, 0, 1)[None] / 255
        except PairError as error:
            warn(f'left out: {stem}: {error}')
            continue
        gray = rgb_to_gray(pair[:, [2, 1, 0]])
        target = loss.target(gray, pair[:, 3:], boxes=None).pixels
        write_image(Path(args.out_dir, f'{stem}.png'), (target[0, 0] * 255).round().byte().numpy())
        written += 1
    print(f'{written} targets written: {args.out_dir}')


if __name__ == '__main__':
    main()
