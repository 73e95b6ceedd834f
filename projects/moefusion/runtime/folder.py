"""Fuses pairs into a folder, one after the other: skips what is done, tells what fails."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from moefusion.extras import need
from moefusion.files import PairError, read_size, write_image
from moefusion.files.pairs import refuse_over_sources
from moefusion.runtime.pairs import PairFuser


@dataclass(frozen=True)
class Outcome:
    """What became of one pair.

    Attributes:
        stem (str): the pair's name.
        status (str): ``'fused'``, ``'skipped'`` (its output was there) or ``'failed'``.
        path (Path): where the fused image is, or would be.
        reason (str): why it failed; else empty.
    """

    stem: str
    status: Literal['fused', 'skipped', 'failed']
    path: Path
    reason: str = ''


def fuse_pairs(
    inferencer: PairFuser,
    pairs: Mapping[str, tuple[Path, Path]],
    out_dir: str | Path,
    color: bool = True,
    overwrite: bool = False,
    pictures: str | Path | None = None,
) -> Iterator[Outcome]:
    """Fuse pairs and write ``<stem>.png``; a pair that cannot be fused does not stop the others.

    A pair is fused when its outcome is asked for, so nothing of the earlier ones is kept. A file
    appears only when it is complete, so one that is there with the size and channels to expect
    is done.

    Args:
        inferencer (PairFuser): what fuses, a ``Fuser`` or a ``FusionInferencer``.
        pairs (Mapping[str, tuple[Path, Path]]): visible and infrared file by stem.
        out_dir (str | Path): where the fused images go.
        color (bool): whether they take the visible image's colour. Defaults to True.
        overwrite (bool): whether to fuse again what is done. Defaults to False.
        pictures (str | Path, optional): folder for one picture a pair that shows sources,
            attention, gates and fused image side by side.

    Returns:
        Iterator[Outcome]: one outcome a pair, in the order of ``pairs``.

    Raises:
        ValueError: at once, before any work, if an output would replace a source image, or a
            picture the fused image.
        OSError: on the way, if an output cannot be written (full disk, no permission): the
            others could not either. Nothing is left half-written.
    """
    if pictures and Path(pictures).resolve() == Path(out_dir).resolve():
        raise ValueError(f'{pictures}: pictures and fused images need two folders')
    refuse_over_sources(pairs, out_dir, pictures or out_dir)
    return (
        _fuse_pair(inferencer, stem, pairs[stem], Path(out_dir), color, overwrite, pictures)
        for stem in pairs
    )


def _fuse_pair(
    inferencer: PairFuser,
    stem: str,
    sources: tuple[Path, Path],
    out_dir: Path,
    color: bool,
    overwrite: bool,
    pictures: str | Path | None,
) -> Outcome:
    target = out_dir / f'{stem}.png'
    picture = Path(pictures, target.name) if pictures else None
    try:
        done = not overwrite and _is_done(target, sources[0], color)
        if done and (picture is None or picture.is_file()):
            return Outcome(stem, 'skipped', target)
        (result,) = inferencer.stream(*sources)
    except PairError as error:
        return Outcome(stem, 'failed', target, str(error))
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        reason = (
            f'{sources[0]} is too large for the memory at hand: free memory, fuse it on '
            'another --device or split it'
        )
        return Outcome(stem, 'failed', target, reason)
    try:
        if picture:
            draw_fusion = need('moefusion.visualization', '--pictures').draw_fusion
            write_image(picture, draw_fusion([result.picture])[..., ::-1])
        write_image(target, result.color[..., ::-1] if color else result.gray)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return Outcome(stem, 'failed', target, str(error.strerror))
    return Outcome(stem, 'fused', target)


def _is_done(target: Path, visible: Path, color: bool) -> bool:
    """Whether a fused image is there; raises PairError if it is not what would be written."""
    if not target.exists():
        return False
    size, mode = read_size(visible), 'RGB' if color else 'L'
    found: tuple[object, ...] = ()
    with contextlib.suppress(OSError), Image.open(target) as image:  # it may be no image
        found = (image.size, image.mode)
    if found != (size, mode):
        raise PairError(
            f'{target} is there already, but is not {size[0]} x {size[1]} in '
            f'{"colour" if color else "gray"}: --overwrite replaces it, or choose '
            'another output folder'
        )
    return True


def _is_out_of_memory(error: Exception) -> bool:
    """By name, as neither torch nor onnxruntime need be installed."""
    words = "can't allocate memory", 'Failed to allocate memory', 'bad_alloc'
    named = isinstance(error, MemoryError) or type(error).__name__ == 'OutOfMemoryError'
    return named or any(word in str(error) for word in words)
