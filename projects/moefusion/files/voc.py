"""VOC XML files and the rules for boxes: what is read, corrected, dropped or refused."""

import logging
import math
import xml.etree.ElementTree as ET
from pathlib import Path

from mmengine.logging import print_log


class AnnotationError(ValueError):
    """An annotation that cannot be used: the message names the file, what is wrong and the cure."""


def read_voc(path):
    """Read a VOC annotation.

    Returns:
        tuple: ``size``, (width, height) in pixels or None where the file does not say, and
        ``objects``, a list of (name, [x1, y1, x2, y2], difficult). Coordinates are floats, moved
        from VOC's 1-based to 0-based ones as MMDetection does (1 off all four), not yet checked.

    Raises:
        AnnotationError: missing or broken file, a document type (it may expand entities), an object
            without name or box, a coordinate that is not a finite number.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise AnnotationError(
            f'{path}: cannot be read ({error.strerror}). Every labelled pair needs its XML file; '
            'set labelled=False for pairs without boxes.'
        ) from error
    # Entities can only be declared in a document type, which VOC files have no use for. Without NUL
    # bytes the encoding is no UTF-16 or UTF-32, and the declaration can only be spelled like this.
    if b'<!DOCTYPE' in data or b'\0' in data:
        raise AnnotationError(
            f'{path}: declares a document type or is not UTF-8, refused because entities could '
            'expand without bound. Remove the <!DOCTYPE ...> part and save it as UTF-8.'
        )
    try:
        root = ET.fromstring(data)
        return _size(root), [_object(node) for node in root.iterfind('object')]
    except (ET.ParseError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise AnnotationError(
            f'{path}: broken annotation ({_reason(error)}). Each <object> needs <name> and '
            '<bndbox> with numbers for xmin, ymin, xmax, ymax. Repair it or leave the pair out.'
        ) from error


def clean_box(box, width, height):
    """Clip a box (x1, y1, x2, y2) to the image.

    Returns:
        tuple: the clipped box, or None if nothing usable is left, and what was wrong with it: None,
        'inverted', 'outside the image', 'partly outside the image' (clipped) or 'thinner than a
        pixel'. An overhang of up to one pixel is rounding, clipped without a word.
    """
    x1, y1, x2, y2 = box
    if x2 < x1 or y2 < y1:
        return None, 'inverted'
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        return None, 'outside the image'
    clipped = [max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))]
    if clipped[2] - clipped[0] < 1 or clipped[3] - clipped[1] < 1:
        return None, 'thinner than a pixel'
    overhang = max(abs(a - b) for a, b in zip(box, clipped))
    return clipped, 'partly outside the image' if overhang > 1 else None


class Findings:
    """Counts what reading annotations changed, and keeps the first places of each kind.

    Defects are boxes that had to be dropped; notes are boxes clipped to the image and classes left
    out on purpose.

    Args:
        keep (int, optional): how many places of each kind the lines name, None for all.
    """

    def __init__(self, keep=3):
        self.keep = keep
        self.defects, self.notes = {}, {}

    def add(self, kind, place, defect=False):
        """Count one finding of a kind and remember where it was."""
        (self.defects if defect else self.notes).setdefault(kind, []).append(str(place))

    def usable(self, box, width, height, place):
        """Return :func:`clean_box`'s box, after noting what was wrong with it."""
        box, wrong = clean_box(box, width, height)
        if wrong:
            self.add(f'box {wrong}, {"clipped" if box else "dropped"}', place, defect=box is None)
        return box

    def lines(self, found):
        """Return one line for each kind of ``defects`` or ``notes``: its count and first places."""
        lines = []
        for kind, places in sorted(found.items()):
            shown = places[: self.keep] + ['...'] * (len(places) > (self.keep or len(places)))
            lines.append(f'{len(places)} x {kind}: {", ".join(shown)}')
        return lines

    def warn(self, reader):
        """Log all of it as warnings in the name of a reader."""
        for line in self.lines(self.defects) + self.lines(self.notes):
            print_log(f'{reader}: {line}', 'current', logging.WARNING)


def _size(root):
    """Return (width, height), or None where they are missing or zero."""
    node = root.find('size')
    if node is None:
        return None
    size = tuple(int(float(node.findtext(key) or 0)) for key in ('width', 'height'))
    return size if min(size) > 0 else None


def _object(node):
    name = (node.findtext('name') or '').strip()
    if not name:
        raise ValueError('an object without a name')
    box = [float(node.findtext(f'bndbox/{key}')) - 1 for key in ('xmin', 'ymin', 'xmax', 'ymax')]
    if not all(map(math.isfinite, box)):
        raise ValueError(f'box {box} of {name}')
    return name, box, int(node.findtext('difficult') or 0) == 1


def _reason(error):
    return 'an object without its four coordinates' if isinstance(error, TypeError) else error
