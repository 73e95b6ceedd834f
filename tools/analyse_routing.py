"""Shows whether the gates decide: own experts against other pairs', random, fixed and best ones.

python tools/analyse_routing.py [CONFIG CHECKPOINT] --data NAME=VISIBLE,INFRARED [...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from moefusion.apis import FusionInferencer
from moefusion.apis.command import command, show_progress, warn
from moefusion.apis.naming import add_infrared_range, chosen_range
from moefusion.apis.routing import SCORES, RoutedPair, RoutingStudy
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
    metavar, text = 'NAME=VISIBLE,INFRARED', 'folders of each data set'
    parser.add_argument('--data', nargs='+', required=True, type=_group, metavar=metavar, help=text)
    parser.add_argument('--number', type=int, default=10, help='pairs of each set (default: 10)')
    add_infrared_range(parser)
    parser.add_argument('--device', help='such as cpu or cuda:0')
    parser.add_argument(
        '--out-dir',
        help='also write routing.csv, a row for each pair, and a picture for each gate: which '
        'pairs go to which expert, sorted by its weight',
    )
    args = parser.parse_args(argv)
    if len({name for name, *_ in args.data}) < len(args.data):
        parser.error('--data: two sets have one name')
    if args.infrared_range == ['auto'] and not args.out_dir:
        parser.error('--infrared-range auto needs --out-dir: the range of each set is kept there')
    return args


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
        write_file(path, study.table().round(6).to_csv(index=False).encode())
        for name in study.sets:
            write_image(Path(args.out_dir, f'{name}.png'), draw_gate(study, name)[..., ::-1])
        print(f'Wrote {path} and {", ".join(study.sets)}.png beside it')


def analyse(args: argparse.Namespace) -> RoutingStudy:
    """Fuse pairs of every set, spread evenly over it, by every kind of choice."""
    inferencer = FusionInferencer(args.config, args.checkpoint, args.device)
    model = inferencer.model
    # what depends on the whole sample is what gates can get right
    loss = None if model.fusion_loss.adaptive is not None else FusionLoss({})
    study = RoutingStudy(model, loss)
    for name, visible, infrared in args.data:
        pairs, unpaired = find_pairs(visible, infrared)
        for stem, reason in unpaired.items():
            warn(f'not in {name}: {stem}: {reason}')
        if not pairs:
            raise ValueError(f'{name}: no pair in {visible} and {infrared}')
        files = [file for _, file in pairs.values()]
        levels = chosen_range(args.infrared_range, files, Path(args.out_dir or '', name))
        stems = list(pairs)
        number = min(args.number, len(stems))
        chosen = [stems[len(stems) * index // number] for index in range(number)]
        for stem in show_progress(chosen):
            study.add(read_pair(*pairs[stem], levels), stem, name)
    study.compare(show_progress)
    return study


def report(study: RoutingStudy) -> str:
    """The tables as text."""
    table = study.table()
    means, groups = table.mean(numeric_only=True), table['data'].unique()
    own = means['loss own']
    lines = [f'{len(table)} pairs. Fusion loss with the own experts: {own:.4f}. With others:']
    for name, loss in means.filter(regex='^loss ').drop('loss own').items():
        lines.append(f'  {str(name).removeprefix("loss "):26s} {loss / own - 1:+7.1%}')
    for metric in SCORES:
        before, after = means[f'{metric} own'], means[f'{metric} swapped']
        lines.append(f"{metric} {before:.4f}, with other pairs' gates {after / before - 1:+.1%}")
    for name in study.sets:
        lines.append(f'{name}: sets of experts')
        for chosen, count in table[name].value_counts().items():
            counts = table['data'][table[name] == chosen].value_counts()
            by_group = ', '.join(f'{group} {counts[group]}' for group in groups if group in counts)
            lines.append(f'  {chosen:10s} {count / len(table):4.0%}  ({by_group})')
    lines.append('Strongest correlation of a logit with what the whole pair shows:')
    for name, values in study.correlations().iterrows():
        shown = ', '.join(f'{key} {value:+.2f}' for key, value in values.items())
        lines.append(f'  {name}: {shown}')
    if len(groups) > 1:
        told = study.told_apart()
        shown = ', '.join(f'{group} {share:.0%}' for group, share in told.items())
        text = f'weights tell for {told.mean():.0%} of the pairs (by chance {1 / len(told):.0%})'
        lines.append(f'Of which set a pair is, the {text}: {shown}')
    return '\n'.join(lines)


def draw_gate(study: RoutingStudy, name: str, columns: int = 8) -> np.ndarray:
    """A row for each expert: the pairs that chose it, visible above infrared, sorted by weight.

    Returns:
        np.ndarray: the picture, uint8, R, G, B; an expert that no pair chose has no row.
    """
    table, rows = study.table(), {}
    for expert, weights in table.filter(regex=rf'^{name} \d+$').items():
        users = table[weights > 0].sort_values(str(expert), ascending=False, kind='stable')
        if len(users):
            shown = f'first {columns} of ' if len(users) > columns else ''
            rows[f'{expert}: {shown}{len(users)} pairs'] = {
                f'{user[expert]:.2f} {user["data"]}\n{user["pair"]}': _both(study.pairs[place])
                for place, user in zip(users.index, users.head(columns).to_dict('records'))
            }
    return draw_sheet(rows, width=1.8)


def _both(pair: RoutedPair) -> np.ndarray:
    small = F.adaptive_avg_pool2d(torch.cat(pair.sources[:2]), (120, 160)).clamp(0, 1) * 255
    levels = small.round().to(torch.uint8).cpu().reshape(240, 160, 1)
    return levels.expand(-1, -1, 3).numpy()


if __name__ == '__main__':
    main()
