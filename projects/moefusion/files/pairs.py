"""Pairs two files, or the images of two folders by their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from moefusion.files.folders import IMAGE_SUFFIXES, list_folder


def find_pairs(
    visible: str | Path, infrared: str | Path, names: Iterable[str] | None = None
) -> tuple[dict[str, tuple[Path, Path]], dict[str, str]]:
    """Pair two files, or the images of two folders by their names without extension.

    Hidden files and files that do not end as an image does (``IMAGE_SUFFIXES``) are left out;
    folders inside are not searched.

    Args:
        visible (str | Path): visible image, or folder of them.
        infrared (str | Path): infrared image, or folder of them.
        names (Iterable[str], optional): the names to look for in two folders. Defaults to all.

    Returns:
        tuple[dict, dict]: visible and infrared file by stem (two files go by the visible one's),
        sorted; and by stem what keeps the others from being a pair.

    Raises:
        FileNotFoundError: if one of the two is not there, or no image is in both folders.
        ValueError: if one is a file and the other a folder.
    """
    visible, infrared = Path(visible), Path(infrared)
    for path in (visible, infrared):
        if not path.exists():
            raise FileNotFoundError(f'{path}: there is no such file or folder')
    if visible.is_dir() != infrared.is_dir():
        raise ValueError(f'{visible} and {infrared}: give two files or two folders')
    if visible.is_file():
        return {visible.stem: (visible, infrared)}, {}
    images = {folder: list_folder(folder) for folder in (visible, infrared)}
    if not any(images.values()):
        raise FileNotFoundError(
            f'{visible} and {infrared}: no image in them ({", ".join(IMAGE_SUFFIXES)})'
        )
    pairs, problems = {}, {}
    there = set().union(*images.values())
    for stem in sorted(there if names is None else set(names)):
        if stem not in there:
            problems[stem] = f'no image {stem}.* in {visible} and {infrared}'
            continue
        found = [images[folder].get(stem, []) for folder in (visible, infrared)]
        crowded = next((files for files in found if len(files) > 1), None)
        if crowded:
            problems[stem] = (
                f'{" and ".join(map(str, crowded))} would both become {stem}.png: '
                'rename one of them in both folders'
            )
        elif not all(found):
            present, lacking = (found[0], infrared) if found[0] else (found[1], visible)
            problems[stem] = f'{present[0]} has no partner {stem}.* in {lacking}'
        else:
            pairs[stem] = (found[0][0], found[1][0])
    return pairs, problems
