"""Writes synthetic pairs as a data set in the layout of M3FD."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from moefusion.files import write_file, write_image
from moefusion.synthetic.light import CONDITIONS
from moefusion.synthetic.scene import Pair, render_pair

MARK = 'SYNTHETIC.txt'
OURS = {MARK, 'Vis', 'Ir', 'Annotation', 'train.txt', 'test.txt'}


def make_demo_data(
    out: str | Path,
    train: int = 32,
    test: int = 12,
    size: tuple[int, int] = (320, 240),
    seed: int = 0,
    mixed_sizes: bool = False,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> None:
    """Render pairs into ``out``: Vis, Ir, Annotation, train.txt, test.txt; one seed, one data set.

    It is built next to ``out`` and moved there when it is whole. An ``out`` that an earlier call
    made is moved away first, then removed: a killed call leaves one of the two or none. The
    conditions take turns.

    Args:
        out: folder to make.
        train: number of pairs.
        test: number of pairs.
        size: width and height in pixels, at least 64 x 48.
        seed: of everything.
        mixed_sizes: whether to vary each pair's size by up to a quarter.
        progress: wraps the iteration over the pairs, such as ``tqdm``.

    Raises:
        ValueError: sizes or counts that make no data set.
        FileExistsError: ``out`` holds something else.
        OSError: no space or no permission; nothing is left behind.
    """
    if min(train, test) < 1 or size[0] < 64 or size[1] < 48:
        raise ValueError(
            f'train={train}, test={test}, size={size}: need a pair in each split and 64 x 48 pixels'
        )
    out = Path(os.path.abspath(out))
    there = set(os.listdir(out)) if out.is_dir() else set()
    if (out.exists() and not out.is_dir()) or (there and (MARK not in there or there - OURS)):
        raise FileExistsError(
            f'{out} holds something else than synthetic pairs. Remove it or name another folder.'
        )
    draft, old = (out.with_name(f'.{out.name}.{os.getpid()}.{end}') for end in ('tmp', 'old'))
    try:
        names: dict[str, list[str]] = {'train': [], 'test': []}
        for index in progress(range(train + test)):
            rng = np.random.default_rng([seed, index])
            scale = rng.uniform(0.75, 1.25, 2) if mixed_sizes else (1, 1)
            width, height = (max(48, round(s * k)) for s, k in zip(size, scale))
            pair = render_pair(rng, width, height, CONDITIONS[index % len(CONDITIONS)])
            name = f'{index:05d}'
            _write_pair(draft, name, pair)
            names['train' if index < train else 'test'].append(f'{name}\n')
        for split, lines in names.items():
            write_file(draft / f'{split}.txt', ''.join(lines).encode())
        what = f'{train} pairs to train, {test} to test, {size[0]}x{size[1]}, seed {seed}\n'
        write_file(draft / MARK, what.encode())
        if out.exists():
            out.rename(old)
        draft.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_pair(folder: Path, name: str, pair: Pair) -> None:
    write_image(folder / 'Vis' / f'{name}.png', pair.visible)
    write_image(folder / 'Ir' / f'{name}.png', pair.infrared)
    write_file(folder / 'Annotation' / f'{name}.xml', _voc(name, pair).encode())


def _voc(name: str, pair: Pair) -> str:
    """Return the VOC annotation, with VOC's 1-based, inclusive corners."""
    height, width = pair.infrared.shape
    lines = [
        f'<annotation><folder>Vis</folder><filename>{name}.png</filename>',
        f'<source><database>synthetic</database><condition>{pair.condition}</condition></source>',
        f'<size><width>{width}</width><height>{height}</height><depth>3</depth></size>',
    ]
    for label, (x1, y1, x2, y2) in pair.objects:
        corners = dict(xmin=x1 + 1, ymin=y1 + 1, xmax=x2, ymax=y2)
        box = ''.join(f'<{key}>{value}</{key}>' for key, value in corners.items())
        lines.append(
            f'<object><name>{label}</name><difficult>0</difficult><bndbox>{box}</bndbox></object>'
        )
    return '\n'.join([*lines, '</annotation>\n'])
