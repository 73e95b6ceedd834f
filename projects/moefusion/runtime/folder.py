"""Fuses pairs into a folder, one after the other: skips what is done, tells what fails."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from moefusion.extras import need
from moefusion.files import PairError, read_size, write_image
from moefusion.files.pairs import refuse_over_sources
from moefusion.files.writing import NOTE
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
    appears only when it is complete, and its text says by what and from which files it was fused.
    One that is there is skipped if that is what would be written; else its pair fails.

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
    job = _Job(inferencer, inferencer.fingerprint, Path(out_dir), color, overwrite, pictures)
    return (job.fuse(stem, sources) for stem, sources in pairs.items())


@dataclass(frozen=True)
class _Job:
    """What all pairs of a call share: the arguments of :func:`fuse_pairs`."""

    inferencer: PairFuser
    fingerprint: str
    out_dir: Path
    color: bool
    overwrite: bool
    pictures: str | Path | None

    def fuse(self, stem: str, sources: tuple[Path, Path]) -> Outcome:
        """Fuse one pair, unless that is done."""
        target = self.out_dir / f'{stem}.png'
        picture = Path(self.pictures, target.name) if self.pictures else None
        note = f'by {self.fingerprint[:16]} from {_digest(sources)[:16]}'
        try:
            done = not self.overwrite and self.is_done(target, sources[0], note)
            if done and (picture is None or picture.is_file()):
                return Outcome(stem, 'skipped', target)
            (result,) = self.inferencer.stream(*sources)
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
            write_image(target, result.color[..., ::-1] if self.color else result.gray, note)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            return Outcome(stem, 'failed', target, str(error.strerror))
        return Outcome(stem, 'fused', target)

    def is_done(self, target: Path, visible: Path, note: str) -> bool:
        """Whether a fused image is there; raises PairError if it is not what would be written."""
        if not target.exists():
            return False
        size, mode = read_size(visible), 'RGB' if self.color else 'L'
        found, found_note = None, ''
        with contextlib.suppress(OSError), Image.open(target) as image:  # it may be no image
            found, found_note = (image.size, image.mode), image.info.get(NOTE, '')
        if found != (size, mode):
            kind = f'{size[0]} x {size[1]} in {"colour" if self.color else "gray"}'
            problem = f'is not {kind}'
        elif not found_note:
            problem = 'does not say what it was fused by and from'
        elif found_note != note:
            by, _ = note.split(' from ')
            same = found_note.startswith(f'{by} ')
            problem = 'was fused ' + (
                'from other images' if same else 'by other weights, options or another backend'
            )
        else:
            return True
        raise PairError(
            f'{target} is there already, but {problem}: --overwrite replaces it, or choose another '
            'output folder'
        )


def _digest(sources: tuple[Path, Path]) -> str:
    """A print of what is in the two files."""
    digest = hashlib.sha256()
    for path in sources:
        with contextlib.suppress(OSError):  # who reads it says so
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_out_of_memory(error: Exception) -> bool:
    """By name, as neither torch nor onnxruntime need be installed."""
    words = "can't allocate memory", 'Failed to allocate memory', 'bad_alloc'
    named = isinstance(error, MemoryError) or type(error).__name__ == 'OutOfMemoryError'
    return named or any(word in str(error) for word in words)
