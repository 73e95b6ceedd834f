"""Boxes of a test set, from COCO json or a folder of VOC XML files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from moefusion.files.boxes import Annotation, Findings
from moefusion.files.coco import read_coco
from moefusion.files.errors import AnnotationError
from moefusion.files.folders import list_folder, match_ids
from moefusion.files.voc import read_voc_annotation


def read_annotations(
    path: str | Path,
    stems: Iterable[str],
    strip: Iterable[str] = (),
    findings: Findings | None = None,
    recursive: bool = False,
) -> tuple[dict[str, Annotation], dict[str, str]]:
    """Read the boxes of some images.

    Args:
        path (str | Path): A COCO json file, or a folder with a VOC XML file for each image.
        stems (Iterable[str]): Ids of the images; see :func:`match_ids` for how the names of files
            and in the json are theirs.
        strip (Iterable[str]): Ends of file names that are no part of the id.
        findings (Findings, optional): Counts what is dropped.
        recursive (bool): Whether XML files are looked for in folders inside too.

    Returns:
        tuple[dict, dict]: Annotations by id, and by id the reason why there is none.

    Raises:
        AnnotationError: If the path is neither, or the json is broken.
    """
    path, known, strip = Path(path), list(stems), tuple(strip)
    if path.is_dir():
        files = list_folder(path, ('.xml',), strip, recursive)
        if not files:
            raise AnnotationError(f'{path}: no .xml file in this folder')
        return _read_all(group_files(files, known), known, read_voc_annotation)
    if path.suffix.lower() != '.json' or not path.is_file():
        raise AnnotationError(f'{path}: expected a COCO .json file or a folder of VOC .xml files')
    images = {image.file_name: image for image in read_coco(path, findings).images}
    found = {
        pair_id: [images[name] for name in names]
        for pair_id, names in match_ids(images, known, strip).items()
    }
    return _read_all(found, known, lambda image: image.annotation)


def group_files(files: Mapping[str, list[Path]], known: Collection[str]) -> dict[str, list[Path]]:
    """Annotation files by the ids of images that they stand for, see :func:`match_ids`.

    Args:
        files (Mapping[str, list[Path]]): from :func:`list_folder`.
        known (Collection[str]): the ids of the images.
    """
    return {
        pair_id: [path for name in names for path in files[name]]
        for pair_id, names in match_ids(files, known).items()
    }


def _read_all(
    found_in: Mapping[str, list[Any]], stems: Iterable[str], read: Callable[[Any], Annotation]
) -> tuple[dict[str, Annotation], dict[str, str]]:
    annotations, problems = {}, {}
    for stem in stems:
        found = found_in.get(stem, [])
        try:
            if len(found) == 1:
                annotations[stem] = read(found[0])
            else:
                problems[stem] = several(found) if found else 'no annotation'
        except ValueError as error:
            problems[stem] = str(error)
    return annotations, problems


def several(found: Iterable[Any]) -> str:
    """Say that one image has several annotations, files or images of a json."""
    names = ' and '.join(str(getattr(item, 'file_name', item)) for item in found)
    return f'annotations of {names}: which one is it?'
