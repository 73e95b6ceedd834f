"""Shows whether the gates decide: own experts against other pairs', random, fixed and best ones.

python tools/analyse_routing.py [CONFIG CHECKPOINT] --data NAME=VISIBLE,INFRARED [...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from moefusion.apis import FusionInferencer
from moefusion.apis.command import command, show_progress
from moefusion.apis.routing import SCORES, RoutingStudy
from moefusion.files import find_pairs, read_pair, write_file, write_image
from moefusion.losses import FusionLoss
from moefusion.visualization.sheet import draw_sheet


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', nargs='?', help='default: the bundled weights')
    parser.add_argument('checkpoint', nargs='?')
    parser.add_argument(
        '--data',
        nargs='+',
        required=True,
        type=_group,
        metavar='NAME=VISIBLE,INFRARED',
        help='folders of each data set',
    )
    parser.add_argument('--number', type=int, default=10, help='pairs of each set (default: 10)')
    parser.add_argument('--device', help='such as cpu or cuda:0')
    parser.add_argument(
        '--out-dir',
        help='also write routing.csv, a row for each pair, and a picture for each gate: which '
        'pairs go to which expert, sorted by its weight',
    )
    return parser.parse_args(argv)


def _group(text: str) -> tuple[str, str, str]:
    name, _, folders = text.partition('=')
    parts = folders.split(',')
    if not name or len(parts) != 2:
        raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VISIBLE,INFRARED')
    return name, parts[0], parts[1]


@command
def main(argv: list[str] | None = None) -> None:
    """Analyse, print and write."""
    args = parse_args(argv)
    study = analyse(args)
    print(report(study))
    if args.out_dir:
        path = Path(args.out_dir, 'routing.csv')
        write_file(path, per_pair(study).to_csv(index=False).encode())
        for name in study.gates:
            picture = draw_gate(study, name)
            write_image(Path(args.out_dir, f'{name}.png'), np.ascontiguousarray(picture[..., ::-1]))
        print(f'Wrote {path} and {", ".join(study.gates)}.png beside it')


def analyse(args: argparse.Namespace) -> RoutingStudy:
    """Fuse pairs of every set, spread evenly over it, by every kind of choice."""
    inferencer = FusionInferencer(args.config, args.checkpoint, args.device)
    model = inferencer.model
    # what depends on the whole sample is what gates can get right
    loss = None if model.fusion_loss.adaptive is not None else FusionLoss({})
    study = RoutingStudy(model, loss)
    for name, visible, infrared in args.data:
        pairs, _ = find_pairs(visible, infrared)
        stems = list(pairs)
        number = min(args.number, len(stems))
        chosen = [stems[len(stems) * index // number] for index in range(number)]
        for stem in show_progress(chosen):
            study.add(read_pair(*pairs[stem]), stem, name)
    study.compare(show_progress)
    return study


def report(study: RoutingStudy) -> str:
    """The tables as text."""
    own = study.mean_loss('own')
    kinds = [kind for kind in study.pairs[0].losses if kind != 'own']
    lines = [f'{len(study.pairs)} pairs. Fusion loss with the own experts: {own:.4f}. With others:']
    lines += [f'  {kind:26s} {study.mean_loss(kind) / own - 1:+7.1%}' for kind in kinds]
    for metric in SCORES:
        before, after = (study.mean_score(kind, metric) for kind in ('own', 'swapped'))
        lines.append(f"{metric} {before:.4f}, with other pairs' gates {after / before - 1:+.1%}")
    groups = list(dict.fromkeys(pair.group for pair in study.pairs))
    for name, counts in study.chosen().items():
        lines.append(f'{name}: sets of experts')
        for chosen, count in counts.most_common():
            by_group = ', '.join(
                f'{group} {number}'
                for group in groups
                if (number := _count(study, name, chosen, group))
            )
            text = ' and '.join(map(str, chosen))
            lines.append(f'  {text:10s} {count / len(study.pairs):4.0%}  ({by_group})')
    lines.append('Strongest correlation of a logit with what the whole pair shows:')
    for name, values in study.correlations().items():
        shown = ', '.join(f'{key} {value:+.2f}' for key, value in values.items())
        lines.append(f'  {name}: {shown}')
    return '\n'.join(lines)


def _count(study: RoutingStudy, name: str, chosen: tuple[int, ...], group: str) -> int:
    return sum(
        pair.group == group and tuple(sorted(pair.gatings[name].selected[0])) == chosen
        for pair in study.pairs
    )


def per_pair(study: RoutingStudy) -> pd.DataFrame:
    """A row for each pair: what it shows, its gates' weights, the loss of every kind of choice."""
    return pd.DataFrame(
        dict(
            data=pair.group,
            pair=pair.name,
            **pair.follows,
            **{
                f'{name} {number}': round(weight, 4)
                for name, gating in pair.gatings.items()
                for number, weight in enumerate(gating.weights[0].tolist())
            },
            **{f'loss {kind}': round(loss, 6) for kind, loss in pair.losses.items()},
        )
        for pair in study.pairs
    )


def draw_gate(study: RoutingStudy, name: str, columns: int = 8) -> np.ndarray:
    """A row for each expert: the pairs that chose it, visible above infrared, sorted by weight.

    Returns:
        np.ndarray: the picture, uint8, R, G, B; an expert that no pair chose has no row.
    """
    weights = torch.cat([pair.gatings[name].weights for pair in study.pairs]).cpu().numpy()
    rows = {}
    for number, column in enumerate(weights.T):
        users = [int(place) for place in np.argsort(-column, kind='stable') if column[place] > 0]
        if users:
            rows[f'expert {number}: {len(users)} pairs'] = {
                f'{column[place]:.2f} {study.pairs[place].group}\n{study.pairs[place].name}': _both(
                    study.pairs[place].sources
                )
                for place in users[:columns]
            }
    return draw_sheet(rows, width=1.8)


def _both(sources: list[torch.Tensor]) -> np.ndarray:
    small = F.adaptive_avg_pool2d(torch.cat(sources[:2]), (120, 160)).clamp(0, 1) * 255
    levels = small.round().to(torch.uint8).cpu().reshape(240, 160, 1)
    return levels.expand(-1, -1, 3).numpy()


if __name__ == '__main__':
    main()
