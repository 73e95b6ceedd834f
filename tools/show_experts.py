"""Draws what each local expert learnt (paper, Fig. 6): its features on pairs, the gates' weights.

python tools/show_experts.py VISIBLE INFRARED --out-dir OUT [--config CONFIG --checkpoint FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from moefusion.apis import FusionInferencer, find_pairs
from moefusion.apis.command import command, show_progress, warn
from moefusion.files import PairError, read_lines, write_file, write_image
from moefusion.files.pairs import refuse_over_sources
from moefusion.visualization.expert_picture import capture_experts, draw_experts


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('visible', help='visible image, or a folder of them')
    parser.add_argument('infrared', help='infrared image, or a folder of them')
    parser.add_argument(
        '--out-dir', required=True, help='where <name>.png and gates.csv, all weights, go'
    )
    parser.add_argument('--list', metavar='FILE', help='names of the images (default: all)')
    parser.add_argument('--config', help='default: that of the bundled weights')
    parser.add_argument('--checkpoint', help='default: the bundled weights')
    parser.add_argument('--device', help='such as cpu or cuda:0')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Fuse, draw and write."""
    args = parse_args(argv)
    names = read_lines(args.list) if args.list else None
    pairs, unpaired = find_pairs(args.visible, args.infrared, names)
    for stem, reason in unpaired.items():
        warn(f'left out: {stem}: {reason}')
    refuse_over_sources(pairs, args.out_dir)
    fuse = FusionInferencer(args.config, args.checkpoint, args.device)
    rows = []
    with capture_experts(fuse.model.fusion) as maps:
        for stem, sources in show_progress(pairs.items(), len(pairs)):
            try:
                (result,) = fuse.stream(*sources)
            except PairError as error:
                warn(f'left out: {stem}: {error}')
                continue
            drawn = draw_experts(result.picture, maps)
            write_image(Path(args.out_dir, f'{stem}.png'), drawn[..., ::-1])
            weights = {
                f'{name} {number}': weight
                for name, gate in result.gates.items()
                for number, weight in enumerate(gate.tolist())
            }
            rows.append(dict(pair=stem, **weights))
    table = pd.DataFrame(rows).round(4).to_csv(index=False)
    write_file(Path(args.out_dir, 'gates.csv'), table.encode())
    print(f'{len(rows)} pairs drawn: {args.out_dir}')


if __name__ == '__main__':
    main()
