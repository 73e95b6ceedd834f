"""Trains and tests a family of ablations (configs/ablations), writes its table and its figure.

python tools/ablate.py FAMILY [--seeds 0 1 2] [--jobs 2]

After an interruption the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import pandas as pd

from moefusion.apis.command import command, show_progress, warn
from moefusion.comparison.ablation import ablation_table, draw_ablation
from moefusion.cpus import usable_cpus
from moefusion.files import write_file
from moefusion.metrics import METRIC_NAMES

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs/ablations'
BASE = re.compile(r"^_base_ = '(.+)'$", re.MULTILINE)
METRICS = "test_evaluator = [dict(type='FusionMetric')]\n"  # as in the paper: no detection


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    families = sorted({path.stem.split('_')[0] for path in CONFIGS.glob('*.py')})
    parser.add_argument('family', choices=families, metavar='FAMILY', help=', '.join(families))
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='default: 0')
    parser.add_argument('--jobs', type=int, default=1, help='trainings at a time (default: 1)')
    text = 'ablate this config, of another data set, in place of the one that they inherit'
    parser.add_argument('--base', type=Path, metavar='CONFIG', help=text)
    place = Path('work_dirs/ablations')
    text = 'where trainings and results go; one for each budget (default: %(default)s)'
    parser.add_argument('--work-dir', type=Path, default=place, help=text)
    text = 'for every training and test, such as train_cfg.max_iters=1000'
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help=text)
    args = parser.parse_args(argv)
    if args.jobs < 1:
        parser.error('--jobs: give 1 or more')
    return args


@command
def main(argv: list[str] | None = None) -> int:
    """Run what has no result yet, and report; 1 if a training failed."""
    args = parse_args(argv)
    folder, configs = write_configs(args.family, args.base, args.work_dir.resolve())
    refuse_other_options(configs.values(), args.cfg_options)
    scores, failed = run_all(configs, args.seeds, args.jobs, args.cfg_options)
    if len(scores):
        title = f'{args.family} on {folder.name}'
        table = ablation_table(scores, title)
        out = folder / args.family
        write_file(out.with_suffix('.md'), table.encode())
        write_file(out.with_suffix('.csv'), scores.to_csv(index=False).encode())
        write_file(out.with_suffix('.png'), draw_ablation(scores, title))
        print(f'{table}\nWrote {out}.md, .csv, .png')
    return int(failed)


def write_configs(family: str, base: Path | None, root: Path) -> tuple[Path, dict[str, Path]]:
    """Write the configs to run, by name: first what is ablated, then each ablation of it.

    Families of one base share its trainings. Returns the folder, too.
    """
    files = sorted(CONFIGS.glob(f'{family}_*.py'))
    texts = {path.stem: path.read_text() for path in files}
    inherited = {match[1] for text in texts.values() if (match := BASE.search(text))}
    if base is None:
        base = CONFIGS / inherited.pop()
    if not base.is_file():
        raise FileNotFoundError(f'--base {base}: there is no such config file')
    line = f"_base_ = '{base.resolve()}'"
    folder, configs = root / base.stem, {}
    for stem, text in {base.stem: line, **texts}.items():
        path = folder / stem / 'config.py'
        write_file(path, f'{BASE.sub(line, text)}\n{METRICS}'.encode())
        configs[stem.removeprefix(f'{family}_')] = path
    return folder, configs


def refuse_other_options(configs: Iterable[Path], options: list[str]) -> None:
    """Note the options beside each config; raise ValueError where its results are of others."""
    for config in configs:
        note, text = config.with_name('options.txt'), '\n'.join(options)
        if note.exists() and (earlier := note.read_text()) != text:
            raise ValueError(
                f'{config.parent}: was trained with --cfg-options '
                f'{" ".join(earlier.split()) or "(none)"}. Give the same, or another --work-dir'
            )
        write_file(note, text.encode())


def run_all(
    configs: dict[str, Path], seeds: list[int], jobs: int, options: list[str]
) -> tuple[pd.DataFrame, bool]:
    """Every config with every seed: a row of metrics for each, and whether any failed."""
    os.environ.setdefault('OMP_NUM_THREADS', str(max(1, usable_cpus() // jobs)))
    wanted = [(name, seed) for name in configs for seed in seeds]
    found: dict[tuple[str, int], dict[str, float]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        tasks: dict[Future[dict[str, float]], tuple[str, int]] = {
            pool.submit(run, configs[name], seed, options): (name, seed) for name, seed in wanted
        }
        try:
            for task in show_progress(as_completed(tasks), len(tasks), 'training'):
                try:
                    found[tasks[task]] = task.result()
                except ChildProcessError as error:
                    warn(f'error: {error}')
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    rows = [
        dict(name=name, seed=seed, **found[name, seed])
        for name, seed in wanted
        if (name, seed) in found
    ]
    return pd.DataFrame(rows), len(found) < len(wanted)


def run(config: Path, seed: int, options: list[str]) -> dict[str, float]:
    """Train, or go on training, and test, unless the result is there."""
    folder = config.parent / f'seed_{seed}'
    results = sorted((folder / 'test').glob('*/*.json'))
    if not results:
        options = ['--cfg-options', f'randomness.seed={seed}', *options]
        call(folder, 'train.py', str(config), '--resume', '--work-dir', str(folder), *options)
        noted = (folder / 'last_checkpoint').read_text().strip()
        here = folder / noted.rpartition('/')[2]  # the folder may be a copy
        checkpoint = str(here) if here.exists() else noted
        test = str(folder / 'test')
        call(folder, 'test.py', str(config), checkpoint, '--work-dir', test, *options)
        results = sorted((folder / 'test').glob('*/*.json'))
    values = json.loads(results[-1].read_text())
    return {name: values[f'fusion/{name}'] for name in METRIC_NAMES}


def call(folder: Path, tool: str, *words: str) -> None:
    """Run one of the project's tools; what it prints goes to ``folder/log.txt``.

    Raises:
        ChildProcessError: if it fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'log.txt'
    with log.open('ab') as file:
        words = (sys.executable, str(ROOT / 'tools' / tool), *words)
        done = subprocess.run(words, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode:
        raise ChildProcessError(f'{tool} failed (exit {done.returncode}): see the end of {log}')


if __name__ == '__main__':
    sys.exit(main())
