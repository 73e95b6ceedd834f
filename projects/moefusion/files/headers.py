"""Looks into the headers of JPEG, PNG and TIFF files for what neither OpenCV nor Pillow tells."""

from __future__ import annotations

import re
import struct
from typing import IO

PROGRESSIVE = 0xC2, 0xCA  # start of a frame, by Huffman's or arithmetic coding
SOS, EOI = 0xDA, 0xD9
ALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG's markers without a segment behind them
COEFFICIENTS = 64  # of a block
PNG_HEAD = b'\x89PNG\r\n\x1a\n'
BITS_PER_SAMPLE = 258  # TIFF's tag
# TIFF and BigTIFF: where the place of the first picture's tags is, how they and it are counted, and
# bytes of a tag; then the types of whole numbers
OFFSETS = {42: (4, 'H', 'I', 12), 43: (8, 'Q', 'Q', 20)}
INTEGERS = {1: 'B', 3: 'H', 4: 'I', 16: 'Q'}
# After P5, say: width, height, white, with comments wherever there is space
PNM = re.compile(rb'P[2356](?:(?:\s|#.*\n)+(\d+)){3}\s')


def lacks_scans(data: bytes) -> bool:
    """Whether a progressive JPEG ends before its scans have brought every bit of every block.

    libjpeg passes such a file: what is there decodes to a blurred picture. Others have no scans
    to lack. (ITU-T T.81, sections G.1 and B.2.)
    """
    lacking: set[tuple[int, int]] = set()  # component and coefficient
    place = 2
    while 0 <= (place := data.find(b'\xff', place)) < len(data) - 3:
        marker = data[place + 1]
        if marker in (0, 0xFF) or marker in ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == EOI:
            break
        (size,) = struct.unpack_from('>H', data, place + 2)
        segment = data[place + 4 : place + 2 + size]
        if marker in PROGRESSIVE and len(segment) > 5:
            components = segment[6 : 6 + 3 * segment[5] : 3]
            lacking = {(each, k) for each in components for k in range(COEFFICIENTS)}
        elif marker == SOS and len(segment) > 3:
            first, last, bits = segment[-3:]
            if not bits & 15:  # the lowest bit is among these
                sent = segment[1 : 1 + 2 * segment[0] : 2]
                lacking -= {(each, k) for each in sent for k in range(first, last + 1)}
            if not lacking:
                return False
        place += 2 + size
    return bool(lacking)


def late_exif(file: IO[bytes]) -> bytes:
    """The EXIF block that stands behind a PNG's pixels, where Pillow's header does not look."""
    file.seek(len(PNG_HEAD))
    pixels = False
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack('>I4s', head)
        if kind == b'eXIf' and pixels:
            return file.read(size)
        pixels = pixels or kind == b'IDAT'
        file.seek(size + 4, 1)
    return b''


def pnm_white(data: bytes) -> int:
    """The value that stands for white in a PGM or PPM; 0 where the file is neither."""
    found = PNM.match(data)
    return int(found[1]) if found else 0


def tiff_tags(data: bytes) -> dict[int, int]:
    """The first value of each tag of whole numbers in the first picture of a TIFF or BigTIFF.

    Other files have none.
    """
    order = {b'II': '<', b'MM': '>'}.get(data[:2], '')
    tags: dict[int, int] = {}
    try:
        kind = struct.unpack_from(f'{order}H', data, 2)[0] if order else 0
        if kind not in OFFSETS:
            return tags
        place, counter, word, size = OFFSETS[kind]
        (start,) = struct.unpack_from(f'{order}{word}', data, place)
        (count,) = struct.unpack_from(f'{order}{counter}', data, start)
        start += struct.calcsize(f'={counter}')
        for entry in range(start, start + size * count, size):
            tag, of, number = struct.unpack_from(f'{order}HH{word}', data, entry)
            if form := INTEGERS.get(of):
                value = entry + 4 + struct.calcsize(f'={word}')
                if number * struct.calcsize(f'={form}') > struct.calcsize(f'={word}'):
                    (value,) = struct.unpack_from(f'{order}{word}', data, value)  # elsewhere
                (tags[tag],) = struct.unpack_from(f'{order}{form}', data, value)
    except (struct.error, OverflowError):
        pass  # a header cut off, or beyond any file: its decoder says so
    return tags
