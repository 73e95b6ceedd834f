"""Reading and writing images, listing folders, pairs and boxes; needs neither mm* nor torch."""

from moefusion.files.annotations import read_annotations
from moefusion.files.boxes import Annotation, Findings, clean_box
from moefusion.files.coco import read_coco
from moefusion.files.cues import read_cues
from moefusion.files.errors import AnnotationError, PairError
from moefusion.files.folders import IMAGE_SUFFIXES, bare_stem, list_folder, to_id
from moefusion.files.levels import Range, check_range, to_eight_bits
from moefusion.files.naming import LAYOUTS, SAME_NAMES, Naming
from moefusion.files.pairs import find_pairs, fit_naming, list_sides
from moefusion.files.reading import (
    read_infrared,
    read_orientation,
    read_pair,
    read_size,
    read_visible,
    to_infrared,
)
from moefusion.files.set_range import choose_range, find_range
from moefusion.files.text import read_lines, read_split, read_text
from moefusion.files.voc import read_voc, read_voc_annotation
from moefusion.files.writing import write_file, write_image

__all__ = [
    'IMAGE_SUFFIXES',
    'LAYOUTS',
    'SAME_NAMES',
    'Annotation',
    'AnnotationError',
    'Findings',
    'Naming',
    'PairError',
    'Range',
    'bare_stem',
    'check_range',
    'choose_range',
    'clean_box',
    'find_pairs',
    'find_range',
    'fit_naming',
    'list_folder',
    'list_sides',
    'read_annotations',
    'read_coco',
    'read_cues',
    'read_infrared',
    'read_lines',
    'read_orientation',
    'read_pair',
    'read_size',
    'read_split',
    'read_text',
    'read_visible',
    'read_voc',
    'read_voc_annotation',
    'to_eight_bits',
    'to_id',
    'to_infrared',
    'write_file',
    'write_image',
]
