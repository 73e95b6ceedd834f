"""Boxes of a test set, from COCO json or a folder of VOC XML files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from moefusion.files.boxes import Annotation, Findings
from moefusion.files.coco import CocoImage, read_coco
from moefusion.files.errors import AnnotationError
from moefusion.files.folders import list_folder, to_id
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
        stems (Iterable[str]): Ids of the images. A ``file_name`` of the json that is none of them
            stands for the image of its last part, if no other does.
        strip (Iterable[str]): Ends of file names that are no part of the id.
        findings (Findings, optional): Counts what is dropped.
        recursive (bool): Whether XML files are looked for in folders inside too.

    Returns:
        tuple[dict, dict]: Annotations by id, and by id the reason why there is none.

    Raises:
        AnnotationError: If the path is neither, or the json is broken.
    """
    path, stems, strip = Path(path), list(stems), tuple(strip)
    if path.is_dir():
        files: Mapping[str, list] = list_folder(path, ('.xml',), strip, recursive)
        if not files:
            raise AnnotationError(f'{path}: no .xml file in this folder')
        return _read_all(stems, files, lambda file: read_voc_annotation(file))
    if path.suffix.lower() != '.json' or not path.is_file():
        raise AnnotationError(f'{path}: expected a COCO .json file or a folder of VOC .xml files')
    images = images_by_id(read_coco(path, findings).images, set(stems), strip)
    return _read_all(stems, images, lambda image: image.annotation)


def images_by_id(
    images: Iterable[CocoImage], known: set[str], strip: tuple[str, ...]
) -> dict[str, list[CocoImage]]:
    """Images of a COCO file by the ids they stand for: by name, else by the name's last part."""
    found: defaultdict[str, list[CocoImage]] = defaultdict(list)
    for image in images:
        pair_id = to_id(image.file_name, known, strip)
        if pair_id not in known:
            pair_id = to_id(Path(pair_id).name, known, strip)
        found[pair_id].append(image)
    return found


def _read_all(
    stems: Iterable[str], known: Mapping[str, list], read: Callable[..., Annotation]
) -> tuple[dict[str, Annotation], dict[str, str]]:
    annotations, problems = {}, {}
    for stem in stems:
        found = known.get(stem, [])
        try:
            if len(found) == 1:
                annotations[stem] = read(found[0])
            else:
                names = ' and '.join(str(getattr(item, 'file_name', item)) for item in found)
                problems[stem] = (
                    f'annotations of {names}: which one is it?' if found else 'no annotation'
                )
        except ValueError as error:
            problems[stem] = str(error)
    return annotations, problems
