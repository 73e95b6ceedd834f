"""Kills tools at random moments, runs them again and compares with a run that was left alone.

python tools/dev/kill.py [--tools fuse train ...] [--moments 20]

Each tool works on small rendered pairs, in a process forked from this one, so that a random moment
is one of work and not of imports. After `kill -9` every file under a final name must be whole; the
same command must then go on to the end, and leave what the undisturbed run left: images and scores
to the byte, trained weights bit by bit. ``train`` leaves the detectors out, which take most of the
time; ``train_with_detectors`` does not.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import runpy
import shutil
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import cv2
import torch
import torch._dynamo  # an optimizer imports it, for seconds

import moefusion.plugin  # noqa: F401  imported here once, for all the runs
from moefusion.apis.command import command, show_progress
from moefusion.synthetic import make_demo_data

ROOT = Path(__file__).resolve().parents[2]
TOOLS = 'make_demo_data', 'fuse', 'evaluate', 'train', 'train_with_detectors'
LOGS = '.log', '.json', '.jsonl'  # appended to; the last line may be cut


def words(tool: str, data: Path, out: Path) -> list[str]:
    """The command that is killed and given again; ``data`` holds the pairs."""
    pairs = f'{data}/Vis', f'{data}/Ir'
    if tool == 'make_demo_data':
        return ['--out-dir', f'{out}/demo', '--train=6', '--test=2', '--size=96x72', '--seed=3']
    if tool == 'fuse':
        return [*pairs, '--out-dir', f'{out}/fused', '--backend=onnx']
    if tool == 'evaluate':
        folders = ['--visible', pairs[0], '--infrared', pairs[1], '--fused', f'copy={pairs[0]}']
        return [*folders, '--ann', f'{data}/Annotation', '--out-dir', f'{out}/scores']
    parts = 'train_dataloader.dataset.dataset', 'val_dataloader.dataset'
    options = [f'{part}.data_root={data}/' for part in parts]
    options += ['train_dataloader.dataset.times=1', 'train_cfg.max_epochs=3']
    options += ['val_dataloader.num_workers=0', 'val_dataloader.persistent_workers=False']
    options += ['train_cfg.val_interval=3', 'default_hooks.logger.interval=1']
    if tool == 'train':
        options += [f'model.{name}_detector=None' for name in ('visible', 'infrared')]
    config = f'{ROOT}/configs/moefusion-lite_demo.py'
    return [config, '--resume', '--work-dir', f'{out}/work', '--cfg-options', *options]


def start(tool: str, data: Path, out: Path) -> BaseProcess:
    """Run the tool in a process of its own; what it prints goes to ``<out>.txt``."""

    def work() -> None:
        with out.with_suffix('.txt').open('a') as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        sys.argv = [f'{tool}.py', *words(tool, data, out)]
        name = tool.removesuffix('_with_detectors')
        runpy.run_path(f'{ROOT}/tools/{name}.py', run_name='__main__')

    process = multiprocessing.get_context('fork').Process(target=work)
    process.start()
    return process


def finish(tool: str, data: Path, out: Path) -> float:
    """Run the tool to its end; return the seconds."""
    begin = time.monotonic()
    process = start(tool, data, out)
    process.join()
    if process.exitcode:
        said = out.with_suffix('.txt').read_text()[-2000:]
        raise ChildProcessError(f'{tool} ended with {process.exitcode}, see {out}.txt:\n{said}')
    return time.monotonic() - begin


def files(out: Path) -> dict[str, bytes]:
    """What stands under final names: no hidden drafts, no logs."""
    found = [path for path in out.rglob('*') if path.is_file() and path.suffix not in LOGS]
    found += list(out.rglob('scores.json'))
    names = {path: str(path.relative_to(out)) for path in found}
    return {
        name: path.read_bytes()
        for path, name in names.items()
        if not any(part.startswith('.') for part in Path(name).parts)
    }


def broken(tool: str, out: Path, expected: dict[str, bytes]) -> list[str]:
    """Names of files that are not whole: not as expected or, of a training, not readable."""
    found = files(out)
    if not tool.startswith('train'):
        return [name for name, data in found.items() if data != expected.get(name)]
    return [name for name in found if not _is_readable(out / name)]


def _is_readable(path: Path) -> bool:
    if path.suffix == '.pth':
        with contextlib.suppress(Exception):
            return 'state_dict' in torch.load(path, weights_only=False)
        return False
    if path.suffix == '.png':
        return cv2.imread(str(path)) is not None
    if path.name == 'last_checkpoint':
        return Path(path.read_text()).is_file()
    return path.stat().st_size > 0  # the copy of the config


def is_same(tool: str, out: Path, reference: Path) -> bool:
    """Whether a run that was killed came to what the undisturbed run left."""
    if not tool.startswith('train'):
        return files(out) == files(reference)
    ends = [Path((folder / 'work/last_checkpoint').read_text()) for folder in (out, reference)]
    first, second = (torch.load(path, weights_only=False)['state_dict'] for path in ends)
    same = ends[0].name == ends[1].name and first.keys() == second.keys()
    return same and all(torch.equal(value, second[name]) for name, value in first.items())


def kill_at_random(tool: str, moments: int, folder: Path, data: Path) -> dict[str, int]:
    """Kill a tool so many times; return the counts. What went wrong is printed."""
    reference = folder / f'{tool}_alone'
    seconds = finish(tool, data, reference)
    expected = files(reference)
    counts = dict(killed=0, halved=0, stuck=0, different=0)
    for number in show_progress(range(5 * moments), unit='run'):
        if counts['killed'] == moments:
            break
        out = folder / f'{tool}_{number}'
        begin, process = time.monotonic(), start(tool, data, out)
        process.join(random.uniform(0, seconds))
        if process.exitcode is not None:  # it was faster than those before
            seconds = min(seconds, time.monotonic() - begin)
            continue
        process.kill()
        process.join()
        counts['killed'] += 1
        if found := broken(tool, out, expected):
            counts['halved'] += 1
            print(f'{out}: not whole: {", ".join(found)}')
        try:
            finish(tool, data, out)
        except ChildProcessError as error:
            counts['stuck'] += 1
            print(error)
            continue
        if not is_same(tool, out, reference):
            counts['different'] += 1
            print(f'{out}: not what the undisturbed run left')
        elif not found:
            shutil.rmtree(out)
    return counts


@command
def main(argv: list[str] | None = None) -> int:
    """Kill each tool, print a table of counts; 1 if anything was lost or a moment was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--tools', nargs='+', choices=TOOLS, default=TOOLS, help='default: all')
    parser.add_argument('--moments', type=int, default=20, help='of each tool (default: 20)')
    parser.add_argument('--seed', type=int, default=0, help='of the moments (default: 0)')
    args = parser.parse_args(argv)
    random.seed(args.seed)
    folder = Path(tempfile.mkdtemp(prefix='kill_'))
    make_demo_data(folder / 'data', train=4, test=2, size=(96, 72))
    print(f'{"tool":22}{"killed":>8}{"halved":>8}{"stuck":>8}{"different":>11}', flush=True)
    lost = 0
    for tool in args.tools:
        counts = kill_at_random(tool, args.moments, folder, folder / 'data')
        killed, *wrong = counts.values()
        lost += sum(wrong) + args.moments - killed
        print(f'{tool:22}{killed:8}{wrong[0]:8}{wrong[1]:8}{wrong[2]:11}', flush=True)
    if lost:
        print(f'what each run left and printed is in {folder}')
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
