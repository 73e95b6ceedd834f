"""Shows whether the gates decide: own experts against other pairs', random, fixed and best ones.

python tools/analyse_routing.py [CONFIG CHECKPOINT] --data NAME=VISIBLE,INFRARED [...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from moefusion.apis import FusionInferencer
from moefusion.apis.command import command, show_progress
from moefusion.apis.routing import SCORES, RoutingStudy
from moefusion.files import find_pairs, read_pair, write_file
from moefusion.losses import FusionLoss


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
    parser.add_argument('--device', help='such as cpu or cuda:0')
    parser.add_argument('--out-dir', help='also write routing.csv, a row for each pair')
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
        write_file(path, study.table().round(6).to_csv(index=False).encode())
        print(f'Wrote {path}')


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
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
