"""VOC XML files and the rules for boxes, without mm*: what is read, corrected, dropped or refused."""

import math
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


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
            f'{path}: declares a document type or is not UTF-8, refused because its entities could '
            'expand without bound. Remove the <!DOCTYPE ...> part and save it as UTF-8.'
        )
    try:
        root = ET.fromstring(data)
        return _size(root), [_object(node) for node in root.iterfind('object')]
    except (ET.ParseError, AttributeError, TypeError, ValueError) as error:
        raise AnnotationError(
            f'{path}: broken annotation ({_reason(error)}). Each <object> needs <name> and <bndbox> '
            'with numbers for xmin, ymin, xmax, ymax. Repair it or take the pair out of the split.'
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
    """Counts what was wrong, by kind, and keeps the first places of each kind."""

    def __init__(self, keep=3):
        self.keep = keep
        self.counts = Counter()
        self.places = {}

    def add(self, kind, place):
        """Count one finding of a kind and remember where it was."""
        self.counts[kind] += 1
        places = self.places.setdefault(kind, [])
        if self.keep is None or len(places) < self.keep:
            places.append(str(place))

    def lines(self):
        """Return one line for each kind: its count and the first places."""
        return [
            f'{count} x {kind}: {", ".join(self.places[kind])}'
            + (', ...' if count > len(self.places[kind]) else '')
            for kind, count in sorted(self.counts.items())
        ]


def _size(root):
    """Return (width, height), or None where they are missing or zero."""
    node = root.find('size')
    if node is None:
        return None
    size = int(node.findtext('width') or 0), int(node.findtext('height') or 0)
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
