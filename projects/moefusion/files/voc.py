"""Reads VOC XML files."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from moefusion.files.boxes import Annotation, make_annotation, read_flag
from moefusion.files.errors import AnnotationError, PairError
from moefusion.files.text import read_text

VocObject = tuple[str, list[float], bool]
CORNERS = 'xmin', 'ymin', 'xmax', 'ymax'
SIDES = 'x', 'y', 'w', 'h'  # KAIST
BOXES = 'bndbox', 'robndbox'


def read_voc(path: str | Path) -> tuple[tuple[int, int] | None, list[VocObject]]:
    """Read a VOC annotation.

    Objects may lie anywhere under the root, names of elements be in capitals or have a namespace.
    A ``polygon`` with ``x1``, ``y1``, ... instead of the ``bndbox`` (DroneVehicle) gives the box
    around it, ``x``, ``y``, ``w`` and ``h`` in it (KAIST) the box they say. ``difficult`` may be a
    word.

    Returns:
        tuple: ``size``, (width, height) in pixels or None where the file does not say, and
        ``objects``, a list of (name, [x1, y1, x2, y2], difficult). Coordinates are floats, moved
        from VOC's 1-based to 0-based ones as MMDetection does (1 off all four), not yet checked.

    Raises:
        AnnotationError: missing or broken file, a document type (it may expand entities), an object
            without name or box, a box without object, several annotations in one file, a value
            that is not what its element says or is there twice.
    """
    try:
        root = ET.fromstring(_text(path))
        for node in root.iter():
            node.tag = node.tag.rpartition('}')[2].lower()
        nodes = list(root.iter('object'))
        objects = [_object(node, i) for i, node in enumerate(nodes, 1)]
        if not objects and root.tag != 'annotation':
            raise ValueError(f'<{root.tag}> instead of <annotation>')
        _refuse_what_is_lost(root, nodes)
        return _size(root), objects
    except OSError as error:
        raise AnnotationError(
            f'{path}: cannot be read ({error.strerror}). Every labelled pair needs its XML file; '
            'set labelled=False for pairs without boxes.'
        ) from error
    except (ET.ParseError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, AnnotationError):
            raise
        reason = str(error).removeprefix(f'{path}: ') if isinstance(error, PairError) else error
        raise AnnotationError(
            f'{path}: broken annotation ({reason}). Each <object> needs <name> and '
            '<bndbox> with numbers for xmin, ymin, xmax, ymax. Repair it or leave the pair out.'
        ) from error


def read_voc_annotation(path: str | Path) -> Annotation:
    """Read a VOC annotation as :func:`read_voc` does."""
    size, objects = read_voc(path)
    return make_annotation(size, [(*found, str(path)) for found in objects])


def _text(path: str | Path) -> str:
    """The file's text without its declaration; entities are refused before any parser sees them."""
    text = read_text(path)
    if declared := re.match(r'\s*<\?xml[^>]*?encoding\s*=\s*["\']([\w.-]+)["\'][^>]*\?>', text):
        if not declared[1].lower().startswith(('utf', 'ascii', 'us-ascii')):
            text = Path(path).read_bytes().decode(declared[1])
    text = re.sub(r'^\s*<\?xml.*?\?>', '', text, count=1, flags=re.DOTALL)
    if '<!DOCTYPE' in text:
        raise AnnotationError(
            f'{path}: declares a document type, refused because entities could expand without '
            'bound. Remove the <!DOCTYPE ...> part.'
        )
    return text


def _refuse_what_is_lost(root: ET.Element, objects: list[ET.Element]) -> None:
    """Raise ValueError for boxes that are in no object, and for a file of several images."""
    inside = {id(node) for each in objects for node in each.iter()}
    for tag in BOXES:
        if lost := sum(id(node) not in inside for node in root.iter(tag)):
            raise ValueError(f'{lost} <{tag}> outside of any <object>')
    several = dict(annotation=list(root.iter('annotation')))
    several |= {tag: root.findall(tag) for tag in ('size', 'filename')}
    for tag, found in several.items():
        if len(found) > 1:
            raise ValueError(f'{len(found)} <{tag}>, but one file is about one image')


def _size(root: ET.Element) -> tuple[int, int] | None:
    """Return (width, height), or None where they are missing or zero."""
    node = next(root.iter('size'), None)
    if node is None:
        return None
    width, height = (_number(node, key, '<size>', '0') for key in ('width', 'height'))
    if any(value < 0 or value != int(value) for value in (width, height)):
        raise ValueError(f'<size> {width} x {height} is no number of pixels')
    return (int(width), int(height)) if min(width, height) > 0 else None


def _object(node: ET.Element, number: int) -> VocObject:
    name = _text_of(node, 'name', f'object {number}')
    if not name:
        raise ValueError(f'object {number}: no <name>, an object without a name')
    place = f'object {number}, {name}'
    boxes = node.findall('bndbox')
    polygon = node.find('polygon')
    if len(boxes) > 1:
        raise ValueError(f'{place}: several <bndbox>')
    if boxes and boxes[0].find('xmin') is None and boxes[0].find('w') is not None:
        x, y, width, height = (_number(boxes[0], key, place) for key in SIDES)
        corners = [x, y, x + width, y + height]
    elif boxes:
        corners = [_number(boxes[0], key, place) for key in CORNERS]
    elif polygon is not None:
        xs, ys = (
            [_number(polygon, point.tag, place) for point in polygon if point.tag[0] == axis]
            for axis in 'xy'
        )
        if min(len(xs), len(ys)) < 2:
            raise ValueError(f'{place}: <polygon> without its four coordinates')
        corners = [min(xs), min(ys), max(xs), max(ys)]
    else:
        raise ValueError(f'{place}: no <bndbox>, an object without its four coordinates')
    try:
        difficult = read_flag(_text_of(node, 'difficult', place))
    except ValueError as error:
        raise ValueError(f'{place}: <difficult> {error}') from error
    return name, [value - 1 for value in corners], difficult


def _number(node: ET.Element, key: str, place: str, default: str | None = None) -> float:
    """The finite number in a child element."""
    text = _text_of(node, key, place) or default
    if text is None:
        raise ValueError(f'{place}: no <{key}>, an object without its four coordinates')
    try:
        value = math.nan if '_' in text else float(text)  # Python reads 1_2 as 12
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f'{place}: <{key}> {text!r} is no number')
    return value


def _text_of(node: ET.Element, key: str, place: str) -> str:
    """The text of a child element, empty where there is none."""
    found = [(child.text or '').strip() for child in node.findall(key)]
    if len(set(found)) > 1:
        raise ValueError(f'{place}: several <{key}>, {" and ".join(found)}')
    return found[0] if found else ''
