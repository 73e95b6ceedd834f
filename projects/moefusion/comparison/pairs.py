"""Finds the images of a test set that every method has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from moefusion.comparison.errors import EvaluationError
from moefusion.files import (
    IMAGE_SUFFIXES,
    SAME_NAMES,
    Annotation,
    Findings,
    Naming,
    PairError,
    Range,
    fit_naming,
    list_folder,
    list_sides,
    read_annotations,
    read_size,
    read_visible,
    to_id,
)
from moefusion.files.pairs import is_one_file

SOURCES = 'visible', 'infrared'


@dataclass
class EvaluationSet:
    """Images to score, by stem.

    Attributes:
        visible, infrared (dict[str, Path]): The sources.
        fused (dict[str, dict[str, Path]]): Fused images by method, then by stem.
        annotations (dict[str, Annotation] | None): Boxes.
        left_out (dict[str, str]): Why an image is not scored.
        extra (dict[str, list[str]]): By folder, images that are not in the test set.
        notes (list[str]): What was dropped of the annotations, with counts.
        infrared_range (tuple[float, float] | None): What becomes 0 and 255 of infrared images that
            are not 8-bit.
        ends (tuple[str, ...]): Ends of file names that are no part of the stem.
    """

    visible: dict[str, Path]
    infrared: dict[str, Path]
    fused: dict[str, dict[str, Path]]
    annotations: dict[str, Annotation] | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    infrared_range: Range | None = None
    ends: tuple[str, ...] = ()

    @property
    def stems(self) -> list[str]:
        """Images to score, sorted."""
        return sorted(self.visible)

    def leave_out(self, problems: Mapping[str, str]) -> None:
        """Take images out of the set.

        Raises:
            EvaluationError: if none is left.
        """
        self.left_out.update(problems)
        for stem in problems:
            for files in (self.visible, self.infrared, *self.fused.values()):
                files.pop(stem, None)
            if self.annotations:
                self.annotations.pop(stem, None)
        if not self.visible:
            raise EvaluationError(f'no image is left to score:{_reasons(self.left_out)}')

    def check_names(self, taken: Iterable[str]) -> None:
        """Refuse methods of these names.

        Raises:
            EvaluationError: if there is one.
        """
        for name in set(taken) & set(self.fused):
            raise EvaluationError(
                f'{name}: a table has a row of this name for the source images; call the method '
                'otherwise in --fused'
            )


def find_evaluation_set(
    visible: str | Path,
    infrared: str | Path,
    fused: Mapping[str, str | Path],
    annotations: str | Path | None = None,
    names: Iterable[str] | None = None,
    strip: Iterable[str] = (),
    naming: Naming = SAME_NAMES,
) -> EvaluationSet:
    """Pair the images of some folders by stem; what one folder lacks is left out for every method.

    Args:
        visible (str | Path): Folder of the visible images.
        infrared (str | Path): Folder of the infrared ones.
        fused (Mapping[str, str | Path]): Folder of each method.
        annotations (str | Path, optional): See :func:`read_annotations`.
        names (Iterable[str], optional): Stems of the test set. Defaults to those that a source
            folder and a method have, so that sources may hold a training split too.
        strip (Iterable[str]): Ends of file names that are no part of the stem.
        naming (Naming): What tells the sources' files apart; the other files may have it, too.

    Raises:
        EvaluationError: If a folder is missing or empty, or nothing is left to score.
        AnnotationError: If the annotations cannot be read.
    """
    folders = {'visible': Path(visible), 'infrared': Path(infrared)}
    folders |= {f'fused {name}': Path(place) for name, place in fused.items()}
    _refuse_missing(folders.values())
    naming = fit_naming(visible, infrared, naming)
    strip = (*strip, *filter(None, naming.ends))
    found_in = {what: _list_folder(folder, strip, naming) for what, folder in folders.items()}
    if any(naming.ends):
        found_in['visible'], found_in['infrared'], _ = list_sides(visible, infrared, naming)
    files = {
        what: {stem: paths[0] for stem, paths in found.items()} for what, found in found_in.items()
    }
    wanted = _wanted(files, names, strip)
    left_out = _flaws(wanted, found_in)
    boxes, findings = None, Findings()
    if annotations is not None:
        images = {stem: files['visible'][stem] for stem in sorted(wanted - set(left_out))}
        boxes, problems = _read_boxes(annotations, images, strip, findings, naming.recursive)
        left_out.update(problems)
    stems = sorted(wanted - set(left_out))
    if not stems:
        raise EvaluationError(
            f'no image is in all folders under one name: {_examples(files)}{_reasons(left_out)}'
        )
    kept = {what: {stem: found[stem] for stem in stems} for what, found in files.items()}
    return EvaluationSet(
        kept['visible'],
        kept['infrared'],
        {name: kept[f'fused {name}'] for name in fused},
        None if boxes is None else {stem: boxes[stem] for stem in stems},
        left_out,
        {what: sorted(set(found) - wanted) for what, found in files.items()},
        findings.all_lines(),
        ends=strip,
    )


def _refuse_missing(folders: Iterable[Path]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise EvaluationError(f'{folder}: there is no such folder')


def _read_boxes(
    path: str | Path,
    visible: Mapping[str, Path],
    strip: Sequence[str],
    findings: Findings,
    recursive: bool,
) -> tuple[dict[str, Annotation], dict[str, str]]:
    """The boxes inside each image, and why others have none, as :func:`read_annotations`.

    A damaged image whose annotation has no size has none, too.
    """
    read, problems = read_annotations(path, visible, strip, findings, recursive)
    boxes = {}
    for stem, found in read.items():
        try:
            size = found.size or read_size(visible[stem])
        except PairError as error:
            problems[stem] = str(error)
        else:
            boxes[stem] = found.usable(*size, findings)
    return boxes, problems


def read_rgb(path: Path) -> np.ndarray:
    """Read a visible or fused image, H x W x 3, uint8, R, G, B.

    Raises:
        PairError: if it cannot be read.
    """
    return cv2.cvtColor(read_visible(path), cv2.COLOR_BGR2RGB)


def _list_folder(folder: Path, strip: Iterable[str], naming: Naming) -> dict[str, list[Path]]:
    """The image files of one folder by stem; there is at least one."""
    if found := list_folder(folder, strip=strip, recursive=naming.recursive):
        return found
    raise EvaluationError(f'{folder}: no image in this folder ({", ".join(IMAGE_SUFFIXES)})')


def _wanted(
    files: Mapping[str, Mapping[str, Path]], names: Iterable[str] | None, strip: Sequence[str]
) -> set[str]:
    """The stems of the named images, or of all that a source folder and a method have."""
    if names is not None:
        known = set().union(*files.values())
        return {to_id(name, known, strip) for name in names}
    made = set().union(*(found for what, found in files.items() if what not in SOURCES))
    return set().union(*(files[what] for what in SOURCES)) & made


def _flaws(
    wanted: Iterable[str], found_in: Mapping[str, Mapping[str, list[Path]]]
) -> dict[str, str]:
    """Why a stem cannot be scored: a folder lacks it or has it twice, or its pair is one file."""
    flaws = {}
    for stem in sorted(wanted):
        missing = [what for what, found in found_in.items() if stem not in found]
        if missing:
            flaws[stem] = f'missing in {", ".join(missing)}'
        elif is_one_file(found_in['visible'][stem][0], found_in['infrared'][stem][0]):
            flaws[stem] = 'visible and infrared image are one file'
        for what, found in found_in.items():
            if len(paths := found.get(stem, [])) > 1:
                flaws[stem] = f'{what}: both {paths[0].name} and {paths[1].name}'
    return flaws


def _examples(files: Mapping[str, Mapping[str, Path]]) -> str:
    return '; '.join(
        f'{what}: {len(found)} images' + (f', such as {found[min(found)]}' if found else '')
        for what, found in files.items()
    )


def _reasons(left_out: Mapping[str, str]) -> str:
    return ''.join(f'\n  {stem}: {reason}' for stem, reason in list(left_out.items())[:5])
