"""Pairs two files, or the images of two folders by their names: the one rule of the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from moefusion.files.errors import PairError
from moefusion.files.folders import IMAGE_SUFFIXES, UNREAD_SUFFIXES, list_folder, to_id, without_end
from moefusion.files.naming import LAYOUTS, SAME_NAMES, Naming

Files = dict[str, list[Path]]


def fit_naming(visible: str | Path, infrared: str | Path, naming: Naming = SAME_NAMES) -> Naming:
    """Return the naming; of one folder without any, the first of ``LAYOUTS`` that fits its files.

    Args:
        visible (str | Path): folder of the visible images.
        infrared (str | Path): folder of the infrared ones; may be the same.
        naming (Naming): what is known. Defaults to nothing.

    Raises:
        OSError: if a folder cannot be read.
        PairError: if both sides lie in one folder and no end tells them apart.
    """
    if naming.visible != naming.infrared or not Path(visible).samefile(infrared):
        return naming
    for known in LAYOUTS.values():
        if known.visible != known.infrared:
            known = replace(known, recursive=known.recursive or naming.recursive)
            if all(list_sides(visible, infrared, known)[:2]):
                return known
    if not list_folder(visible, recursive=naming.recursive):
        return naming  # there is nothing to tell apart
    raise PairError(
        f'{visible}: both images of a pair are in this folder. Name the ends that tell them apart: '
        '--visible-suffix _RGB --infrared-suffix _IR, in a config visible_suffix, infrared_suffix.'
    )


def list_sides(
    visible: str | Path, infrared: str | Path, naming: Naming = SAME_NAMES
) -> tuple[Files, Files, dict[Path, str]]:
    """List the images of two folders, or of one that holds both sides, by the ids of the pairs.

    In one folder a file is of the side whose end it has, of the longer end where it has both.

    Args:
        visible (str | Path): folder of the visible images.
        infrared (str | Path): folder of the infrared ones; may be the same.
        naming (Naming): what tells the two names apart. Defaults to nothing.

    Returns:
        tuple: visible files and infrared files by id; and why other images are neither: they have
        no end of their side, or are of a format that is not read.

    Raises:
        OSError: if a folder cannot be read.
    """
    folders = Path(visible), Path(infrared)
    one = folders[0].samefile(folders[1])
    sides: tuple[Files, Files] = {}, {}
    strangers: dict[Path, str] = {}
    for side, folder in enumerate(folders):
        ends = naming.ends if one else (naming.ends[side],)
        for stem, paths in list_folder(folder, recursive=naming.recursive).items():
            fitting = [end for end in ends if without_end(stem, end) is not None]
            end = max(fitting, key=len, default=None)
            if end is not None and end == naming.ends[side]:
                sides[side].setdefault(without_end(stem, end) or stem, []).extend(paths)
            elif end is None and not (one and side):
                reason = f'its name has none of the ends {naming.ends}'
                strangers |= dict.fromkeys(paths, reason)
        for paths in list_folder(folder, UNREAD_SUFFIXES, recursive=naming.recursive).values():
            strangers |= dict.fromkeys(paths, 'a format that is not read: export it as PNG or TIFF')
    return *sides, strangers


def find_pairs(
    visible: str | Path,
    infrared: str | Path,
    names: Iterable[str] | None = None,
    naming: Naming = SAME_NAMES,
) -> tuple[dict[str, tuple[Path, Path]], dict[str, str]]:
    """Pair two files, or the images of two folders by their names without extension.

    Hidden files and files that do not end as an image does (``IMAGE_SUFFIXES``) are left out.

    Args:
        visible (str | Path): visible image, or folder of them.
        infrared (str | Path): infrared image, or folder of them; may be the same folder.
        names (Iterable[str], optional): the pairs to look for, see :func:`to_id`. Defaults to all.
        naming (Naming): what tells the two names apart. Defaults to nothing.

    Returns:
        tuple[dict, dict]: visible and infrared file by id (two files go by the visible one's),
        sorted; and by id what keeps the others from being a pair.

    Raises:
        FileNotFoundError: if one of the two is not there, or no image is in both folders.
        PairError: if an image would be its own partner, or one folder holds both sides and no end
            tells them apart.
        ValueError: if one is a file and the other a folder, or a list goes with two files.
    """
    visible, infrared = Path(visible), Path(infrared)
    _check_kinds(visible, infrared)
    if visible.is_file():
        if names is not None:
            raise ValueError(f'a list chooses images of folders, but {visible} is a file: omit it')
        refuse_itself(visible, infrared)
        return {without_end(visible.stem, naming.visible) or visible.stem: (visible, infrared)}, {}
    naming = fit_naming(visible, infrared, naming)
    *sides, strangers = list_sides(visible, infrared, naming)
    if not any((*sides, strangers)):
        cure = '' if naming.recursive else '; --recursive looks into the folders inside'
        suffixes = ', '.join(IMAGE_SUFFIXES)
        raise FileNotFoundError(f'{visible} and {infrared}: no image in them ({suffixes}){cure}')
    pairs, problems = {}, {}
    there = {**sides[0], **sides[1]}
    if names is None:
        wanted = set(there)
        problems = {str(path): reason for path, reason in strangers.items()}
    else:
        wanted = {to_id(name, there, naming.ends) for name in names}
    for stem in sorted(wanted):
        found = [files.get(stem, []) for files in sides]
        if reason := _problem(stem, found, (visible, infrared), naming.ends):
            problems[stem] = reason
        else:
            pairs[stem] = (found[0][0], found[1][0])
    return pairs, problems


def _problem(
    stem: str, found: list[list[Path]], folders: tuple[Path, Path], ends: tuple[str, str]
) -> str | None:
    """Why the files found of one id, visible and infrared ones, are no pair."""
    if not any(found):
        return f'no image {stem}.* in {folders[0]} and {folders[1]}'
    if not all(found):
        lacking = found.index([])
        alone = found[1 - lacking][0]
        return f'{alone} has no partner {named(stem, ends[lacking])} in {folders[lacking]}'
    return flaw(stem, *found)


def _check_kinds(visible: Path, infrared: Path) -> None:
    for path in (visible, infrared):
        if not path.exists():
            raise FileNotFoundError(f'{path}: there is no such file or folder')
    if visible.is_dir() != infrared.is_dir():
        raise ValueError(f'{visible} and {infrared}: give two files or two folders')


def refuse_itself(visible: Path, infrared: Path) -> None:
    """Raise PairError where an image would be its own partner."""
    if is_one_file(visible, infrared):
        raise PairError(f'{infrared} would be its own partner: a pair is two files')


def refuse_over_sources(pairs: Mapping[str, tuple[Path, Path]], *folders: str | Path) -> None:
    """Raise ValueError where ``<id>.png`` in one of the folders is a source image of its pair."""
    for pair_id, sources in pairs.items():
        for folder in folders:
            target = Path(folder, f'{pair_id}.png').resolve()
            if target in [source.resolve() for source in sources]:
                raise ValueError(f'{target} is a source image: choose another output folder')


def named(pair_id: str, end: str) -> str:
    """Name of a pair's file, any extension: ``FLIR_00002_RGB.*``, ``set00/V000/visible/I1.*``."""
    folder, slash, name = pair_id.rpartition('/')
    return f'{folder}{slash}{end}{name}.*' if end.endswith('/') else f'{pair_id}{end}.*'


def flaw(stem: str, visible: list[Path], infrared: list[Path]) -> str | None:
    """Why files of one id are no pair."""
    for files in (visible, infrared):
        if len(files) > 1:
            return (
                f'{" and ".join(map(str, files))} are of one pair and would both become '
                f'{stem}.png: rename one of them in both folders, or remove it'
            )
    if is_one_file(visible[0], infrared[0]):
        return f'{infrared[0]} would be its own partner'
    return None


def is_one_file(visible: Path, infrared: Path) -> bool:
    """Whether two names are of one file; a link that leads nowhere is no file: its reader says."""
    try:
        return visible.samefile(infrared)
    except OSError:
        return False
