"""Time and peak memory of fusing by size, threads and backend: `python -m benchmarks.table`.

Each cell is measured in a process of its own, from arrays to arrays, detectors included, with the
bundled network and the settings of `moefusion fuse`. The limit is what the convolutions of the
torch backend alone took in one more run. Measure on a machine without other work.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from moefusion.apis.command import command
from moefusion.apis.memory import keep_freed_memory

SIZES = ('320x256', '640x480', '1280x1024', '4000x3000')
BACKENDS = ('torch', 'runtime')
LONG = 30  # seconds after which no further call is timed


@command
def main(argv: list[str] | None = None) -> None:
    """Measure every cell and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--sizes', nargs='+', default=SIZES, metavar='WxH')
    parser.add_argument('--threads', nargs='+', type=int, default=(1, 2), metavar='N')
    parser.add_argument('--backends', nargs='+', choices=BACKENDS, default=BACKENDS)
    parser.add_argument(
        '--model', help='exported network of the runtime (default: the bundled one)'
    )
    parser.add_argument('--repeats', type=int, default=7, help='timed calls at most (default: 7)')
    parser.add_argument('--cell', nargs=3, metavar=('BACKEND', 'SIZE', 'N'), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    for size in args.sizes:
        if not re.fullmatch(r'[1-9]\d*x[1-9]\d*', size):
            parser.error(f'--sizes takes widths and heights such as 640x480, not {size!r}')
    if args.cell:
        backend, size, threads = args.cell
        print(json.dumps(measure(backend, size, int(threads), args.repeats, args.model)))
        return
    cells = list(itertools.product(args.sizes, args.threads, args.backends))
    rows = [
        dict(size=size, threads=threads, backend=backend)
        | in_new_process(backend, size, threads, args.repeats, args.model)
        for size, threads, backend in tqdm(cells, 'cells')
    ]
    print(draw(pd.DataFrame(rows)))


def in_new_process(
    backend: str, size: str, threads: int, repeats: int, model: str | None
) -> dict[str, Any]:
    """:func:`measure` in a process whose peak of memory is that of this cell alone.

    Raises:
        SystemExit: if it fails, with what it wrote last.
    """
    call = [sys.executable, '-W', 'ignore', '-m', 'benchmarks.table', '--repeats', str(repeats)]
    call += ['--cell', backend, size, str(threads), *(['--model', model] if model else [])]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run(call, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f'error: {backend}, {size}, {threads} threads: {done.stderr[-2000:]}')
    return json.loads(done.stdout.splitlines()[-1])


def measure(
    backend: str, size: str, threads: int, repeats: int, model: str | None
) -> dict[str, Any]:
    """Fuse random pairs of one size in this process.

    Returns:
        dict[str, Any]: ``seconds``, the median of a call; ``megabytes``, the peak of the resident
        set; for ``'torch'`` also ``limit``, the seconds of a call's convolutions.
    """
    keep_freed_memory()
    width, height = map(int, size.split('x'))
    rng = np.random.default_rng(0)
    visible = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    infrared = rng.integers(0, 256, (height, width), dtype=np.uint8)
    if backend == 'torch':
        import torch

        from moefusion import FusionInferencer

        torch.set_num_threads(threads)
        fuse: Any = FusionInferencer(device='cpu')
    else:
        from moefusion.runtime import Fuser

        fuse = Fuser(model, threads=threads)
    fuse(visible[:64, :64], infrared[:64, :64])  # libraries load what they need
    times: list[float] = []
    while len(times) <= repeats and sum(times) < LONG:
        start = time.perf_counter()
        fuse(visible, infrared)
        times.append(time.perf_counter() - start)
    status = Path('/proc/self/status').read_text()
    (peak,) = re.findall(r'VmHWM:\s*(\d+)', status)
    found = dict(seconds=float(np.median(times[1:] or times)), megabytes=int(peak) * 1024 / 1e6)
    if backend == 'torch':
        from benchmarks.convolutions import Convolutions

        with Convolutions(keep=False) as clock:
            fuse(visible, infrared)
        found['limit'] = clock.seconds
    return found


def draw(cells: pd.DataFrame) -> str:
    """The table in Markdown: a row a size and number of threads; the limit is torch's."""
    lines = [
        '| size | threads | backend | ms | limit, ms | times the limit | peak, MB |',
        '|---|---:|---|---:|---:|---:|---:|',
    ]
    limits = cells.get('limit', pd.Series(np.nan, cells.index))
    limits = limits.groupby([cells['size'], cells['threads']]).transform('max')
    for cell, limit in zip(cells.to_dict('records'), limits):
        seconds = cell['seconds']
        shown = f'{limit * 1000:.0f} | {seconds / limit:.2f}' if limit > 0 else ' | '
        lines.append(
            f'| {cell["size"].replace("x", " x ")} | {cell["threads"]} | {cell["backend"]} | '
            f'{seconds * 1000:.0f} | {shown} | {cell["megabytes"]:.0f} |'
        )
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
