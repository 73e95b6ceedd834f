"""Reading and writing images, listing folders, pairs and boxes; needs neither mm* nor torch."""

from moefusion.files.annotations import read_annotations
from moefusion.files.boxes import Annotation, Findings, clean_box
from moefusion.files.coco import read_coco
from moefusion.files.cues import read_cues
from moefusion.files.errors import AnnotationError, PairError
from moefusion.files.folders import IMAGE_SUFFIXES, bare_stem, list_folder, read_lines, read_split
from moefusion.files.pairs import find_pairs
from moefusion.files.reading import read_infrared, read_pair, read_size, read_visible
from moefusion.files.voc import read_voc
from moefusion.files.writing import write_file, write_image

__all__ = [
    'IMAGE_SUFFIXES',
    'Annotation',
    'AnnotationError',
    'Findings',
    'PairError',
    'bare_stem',
    'clean_box',
    'find_pairs',
    'list_folder',
    'read_annotations',
    'read_coco',
    'read_cues',
    'read_infrared',
    'read_lines',
    'read_pair',
    'read_size',
    'read_split',
    'read_visible',
    'read_voc',
    'write_file',
    'write_image',
]
