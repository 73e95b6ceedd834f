"""Fuses pairs into a folder: skips what is done, collects what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image

from moefusion.apis.inferencer import FusionInferencer
from moefusion.files import PairError, read_size, write_image
from moefusion.visualization.fusion_picture import draw_fusion


@dataclass
class FolderReport:
    """What became of the pairs.

    Attributes:
        fused (list[str]): stems of the pairs that were fused in this run.
        skipped (list[str]): stems of those whose output was there already.
        failed (dict[str, str]): for each stem that could not be fused, the reason.
    """

    fused: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def fuse_pairs(
    inferencer: FusionInferencer,
    pairs: dict[str, tuple[Path, Path]],
    out_dir: str | Path,
    color: bool = True,
    overwrite: bool = False,
    pictures: str | Path | None = None,
    report: FolderReport | None = None,
    warn: Callable[[str], None] = print,
    progress: Callable[[Iterable], Iterable] = iter,
) -> FolderReport:
    """Fuse pairs and write ``<stem>.png``; a pair that cannot be fused does not stop the others.

    A file appears only when it is complete, so one that is there with the size and channels to
    expect is done.

    Args:
        inferencer (FusionInferencer): what fuses.
        pairs (dict[str, tuple[Path, Path]]): visible and infrared file by stem.
        out_dir (str | Path): where the fused images go.
        color (bool): whether they take the visible image's colour. Defaults to True.
        overwrite (bool): whether to fuse again what is done. Defaults to False.
        pictures (str | Path, optional): folder for one picture a pair that shows sources,
            attention, gates and fused image side by side.
        report (FolderReport, optional): filled in as the work goes on, so that it also tells
            of a run that was stopped.
        warn (Callable): receives one line for each pair that failed.
        progress (Callable): wraps the iteration, such as ``tqdm``.

    Returns:
        FolderReport: stems by outcome.

    Raises:
        ValueError: before any work, if an output would replace a source image.
        OSError: if an output cannot be written (full disk, no permission): the others could not
            either. Nothing is left half-written.
    """
    out_dir, report = Path(out_dir), report or FolderReport()
    for stem, sources in pairs.items():
        for folder in filter(None, (out_dir, pictures)):
            target = Path(folder, f'{stem}.png').resolve()
            if target in [source.resolve() for source in sources]:
                raise ValueError(f'{target} is a source image: choose another output folder')
    for stem, (visible, infrared) in progress(pairs.items()):
        target, picture = out_dir / f'{stem}.png', pictures and Path(pictures, f'{stem}.png')
        try:
            if (
                not overwrite
                and _is_done(target, visible, color)
                and (not picture or picture.is_file())
            ):
                report.skipped.append(stem)
                continue
            result = inferencer(visible, infrared)
        except (PairError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not _is_out_of_memory(error):
                raise
            reason = (
                str(error)
                if isinstance(error, PairError)
                else (
                    f'{visible} is too large for the memory of {inferencer.device}: free memory, '
                    'fuse it on another --device or split it'
                )
            )
            report.failed[stem] = reason
            warn(f'not fused: {stem}: {reason}')
            continue
        if picture:
            write_image(picture, draw_fusion([result.picture])[..., ::-1])
        write_image(target, result.color[..., ::-1] if color else result.gray)
        report.fused.append(stem)
    return report


def _is_done(target: Path, visible: Path, color: bool) -> bool:
    """Whether a fused image is there; raises PairError if it is not what would be written."""
    if not target.exists():
        return False
    size, mode = read_size(visible), 'RGB' if color else 'L'
    try:
        with Image.open(target) as image:
            found = (*image.size, image.mode)
    except OSError as error:
        found = (error,)
    if found != (*size, mode):
        raise PairError(
            f'{target} is there already, but is not {size[0]} x {size[1]} in '
            f'{"colour" if color else "gray"}: --overwrite replaces it, or choose '
            'another output folder'
        )
    return True


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
