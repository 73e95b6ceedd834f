"""Boxes of a test set, from COCO json or a folder of VOC XML files."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path

from moefusion.files.boxes import Annotation, box_array
from moefusion.files.coco import read_coco
from moefusion.files.errors import AnnotationError
from moefusion.files.folders import list_folder
from moefusion.files.voc import read_voc


def read_annotations(
    path: str | Path, stems: Iterable[str], strip: Iterable[str] = ()
) -> tuple[dict[str, Annotation], dict[str, str]]:
    """Read the boxes of some images.

    Args:
        path (str | Path): A COCO json file, or a folder with a VOC XML file for each image.
        stems (Iterable[str]): Names of the images without extension.
        strip (Iterable[str]): Ends of file names that are no part of the stem.

    Returns:
        tuple[dict, dict]: Annotations by stem, and by stem the reason why there is none.

    Raises:
        AnnotationError: If the path is neither, or the json is broken.
    """
    path = Path(path)
    if path.is_dir():
        files = {stem: found[-1] for stem, found in list_folder(path, ('.xml',), strip).items()}
        if not files:
            raise AnnotationError(f'{path}: no .xml file in this folder')
        return _read_all(stems, lambda stem: _from_voc(files[stem]), files)
    if path.suffix.lower() != '.json' or not path.is_file():
        raise AnnotationError(f'{path}: expected a COCO .json file or a folder of VOC .xml files')
    images = read_coco(path, strip)
    return _read_all(stems, images.__getitem__, images)


def _read_all(
    stems: Iterable[str], read: Callable[[str], Annotation], known: Container[str]
) -> tuple[dict[str, Annotation], dict[str, str]]:
    annotations, problems = {}, {}
    for stem in stems:
        if stem not in known:
            problems[stem] = 'no annotation'
            continue
        try:
            annotations[stem] = read(stem)
        except ValueError as error:
            problems[stem] = str(error)
    return annotations, problems


def _from_voc(path: Path) -> Annotation:
    size, objects = read_voc(path)
    return Annotation(
        size,
        [name for name, _, _ in objects],
        box_array([box for _, box, _ in objects]),
        [difficult for _, _, difficult in objects],
    )
