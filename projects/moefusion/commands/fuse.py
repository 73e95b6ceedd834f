"""Fuses visible and infrared images: `moefusion fuse VISIBLE INFRARED --out-dir OUT`."""

from __future__ import annotations

import argparse
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from moefusion.apis.command import add_config_options, command, show_progress, warn
from moefusion.apis.memory import keep_freed_memory
from moefusion.apis.naming import add_infrared_range, add_naming, chosen_naming, chosen_range
from moefusion.apis.ranks import add_launcher, join_ranks
from moefusion.extras import need
from moefusion.files import Range, find_pairs, fit_naming, read_lines
from moefusion.ranks import Ranks
from moefusion.runtime.folder import fuse_pairs

if TYPE_CHECKING:
    from moefusion.runtime.pairs import PairFuser


def parse_args(argv: list[str] | None = None, backend: str = 'onnx') -> argparse.Namespace:
    """Read the arguments; ``backend`` is that of ``--backend`` where none is given."""
    parser = argparse.ArgumentParser(
        prog='moefusion fuse' if backend == 'onnx' else None,
        description=__doc__,
        epilog='Exit status: 0 if every pair is fused, 1 if not all are.',
    )
    parser.add_argument('visible', help='visible image, or a folder of them')
    text = 'infrared image, or a folder of them (may be the same): images are paired by their names'
    parser.add_argument('infrared', help=text)
    text = 'where <name>.png goes, at the size of the input'
    parser.add_argument('--out-dir', required=True, help=text)
    text = 'names of the images to fuse, one a line (default: all)'
    parser.add_argument('--list', metavar='FILE', help=text)
    add_naming(parser)
    add_infrared_range(parser)
    text = 'onnxruntime alone, or the model by torch and MMDetection (default: %(default)s)'
    parser.add_argument('--backend', choices=('onnx', 'torch'), default=backend, help=text)
    text = 'exported network for --backend onnx (default: the bundled one)'
    parser.add_argument('--model', help=text)
    parser.add_argument('--config', help='config file (default: that of the bundled weights)')
    text = 'checkpoint file, read as data: no code in it runs (default: the bundled weights)'
    parser.add_argument('--checkpoint', help=text)
    if find_spec('mmengine'):
        add_config_options(parser, 'model.fusion.top_k=1')
    text = "write one channel; without, the visible image's colour is kept"
    parser.add_argument('--gray', action='store_true', help=text)
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: a GPU if there is one)')
    text = 'of --backend torch; auto: bfloat16 where the device has it (default: %(default)s)'
    names = 'auto', 'float32', 'bfloat16'
    parser.add_argument('--precision', choices=names, default='float32', help=text)
    parser.add_argument('--overwrite', action='store_true', help='fuse again what is there already')
    text = 'also a picture of each pair here: sources, attention, gates and fused image'
    parser.add_argument('--pictures', metavar='DIR', help=text)
    add_launcher(parser)
    args = parser.parse_args(argv)
    if bool(args.config) != bool(args.checkpoint):
        parser.error('--config and --checkpoint go together: give both or neither')
    of_torch = args.config, args.device, vars(args).get('cfg_options'), args.precision != 'float32'
    if args.backend == 'onnx' and any(of_torch):
        parser.error(
            '--config, --checkpoint, --cfg-options, --device and --precision need --backend torch'
        )
    if args.backend == 'torch' and args.model:
        parser.error('--model needs --backend onnx')
    return args


@command
def main(argv: list[str] | None = None, backend: str = 'onnx') -> int:
    """Fuse, and say how far it went, whatever stops it. Return the exit status."""
    args = parse_args(argv, backend)
    keep_freed_memory()
    ranks = join_ranks(args.launcher)
    counts: Counter[str] = Counter()
    shares = [counts]
    try:
        fuse(args, ranks, counts)
        shares = ranks.gather(counts)
    except BaseException:
        if counts['fused'] + counts['skipped']:
            warn(
                f'not finished; the finished files stay in {args.out_dir}, and the same command '
                'goes on from here'
            )
        raise
    finally:
        total = sum(shares, Counter[str]())
        if total and (ranks.leads or shares == [counts]):
            skipped = f'{total["skipped"]} skipped'
            if total['skipped']:
                skipped += ' (there already; --overwrite fuses them again)'
            print(f'{total["fused"]} fused, {skipped}, {total["failed"]} failed: {args.out_dir}')
    return int(ranks.leads and total['failed'] > 0)


def fuse(args: argparse.Namespace, ranks: Ranks, counts: Counter[str]) -> None:
    """Fuse this process's share of what the arguments name, and count the outcomes as they come."""
    names = read_lines(args.list) if args.list else None
    naming = chosen_naming(args)
    if Path(args.visible).is_dir() and Path(args.infrared).is_dir():
        naming = fit_naming(args.visible, args.infrared, naming)
    pairs, unpaired = find_pairs(args.visible, args.infrared, names, naming)
    refuse_source_folder(args, naming.recursive)
    if ranks.number == 0:
        for stem, reason in unpaired.items():
            warn(f'not fused: {stem}: {reason}')
        counts['failed'] = len(unpaired)
    files = [infrared for _, infrared in pairs.values()]
    infrared_range = chosen_range(args.infrared_range, files, args.out_dir, ranks)
    share = {stem: pairs[stem] for stem in ranks.share(pairs)}
    outcomes = fuse_pairs(
        make_fuser(args, infrared_range),
        share,
        args.out_dir,
        not args.gray,
        args.overwrite,
        args.pictures,
    )
    for outcome in show_progress(outcomes, total=len(share)) if ranks.leads else outcomes:
        counts[outcome.status] += 1
        if outcome.status == 'failed':
            warn(f'not fused: {outcome.stem}: {outcome.reason}')


def refuse_source_folder(args: argparse.Namespace, recursive: bool) -> None:
    """Raise ValueError where outputs would lie among the sources, and be taken for such next time.

    Two files may have their output beside them.
    """
    for source in map(Path, (args.visible, args.infrared)):
        for out in filter(None, (args.out_dir, args.pictures)):
            place, folder = Path(out).resolve(), source.resolve()
            inside = recursive and folder in place.parents
            if source.is_dir() and (place == folder or inside):
                where = 'inside the folder' if inside else 'the folder'
                raise ValueError(
                    f'{out} is {where} of the source images: choose another, or the next run takes '
                    'the outputs for sources'
                )


def make_fuser(args: argparse.Namespace, infrared_range: Range | None = None) -> PairFuser:
    """What the arguments choose to fuse with."""
    if args.backend == 'onnx':
        return need('moefusion.runtime', 'moefusion fuse').Fuser(
            args.model, infrared_range=infrared_range
        )
    apis = need('moefusion.apis', '--backend torch')
    return apis.FusionInferencer(
        args.config, args.checkpoint, args.device, args.cfg_options, infrared_range, args.precision
    )
