"""Reads VOC XML files."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

from moefusion.files.errors import AnnotationError


def read_voc(
    path: str | Path,
) -> tuple[tuple[int, int] | None, list[tuple[str, list[float], bool]]]:
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


def _size(root: ET.Element) -> tuple[int, int] | None:
    """Return (width, height), or None where they are missing or zero."""
    node = root.find('size')
    if node is None:
        return None
    size = tuple(int(float(node.findtext(key) or 0)) for key in ('width', 'height'))
    return size if min(size) > 0 else None


def _object(node: ET.Element) -> tuple[str, list[float], bool]:
    name = (node.findtext('name') or '').strip()
    if not name:
        raise ValueError('an object without a name')
    box = [float(node.findtext(f'bndbox/{key}')) - 1 for key in ('xmin', 'ymin', 'xmax', 'ymax')]
    if not all(map(math.isfinite, box)):
        raise ValueError(f'box {box} of {name}')
    return name, box, int(node.findtext('difficult') or 0) == 1


def _reason(error: Exception) -> str | Exception:
    return 'an object without its four coordinates' if isinstance(error, TypeError) else error
