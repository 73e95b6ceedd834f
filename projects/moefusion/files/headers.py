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


def tiff_bits(data: bytes) -> int:
    """Bits of a value in a TIFF's first picture; 0 where the file is none."""
    order = {b'II*\0': '<', b'MM\0*': '>'}.get(data[:4])
    try:
        if order:
            (start,) = struct.unpack_from(f'{order}I', data, 4)
            (count,) = struct.unpack_from(f'{order}H', data, start)
            for entry in range(start + 2, start + 2 + 12 * count, 12):
                tag, _, number = struct.unpack_from(f'{order}HHI', data, entry)
                if tag == BITS_PER_SAMPLE:
                    place = entry + 8
                    if number > 2:  # they lie elsewhere
                        (place,) = struct.unpack_from(f'{order}I', data, place)
                    found: tuple[int] = struct.unpack_from(f'{order}H', data, place)
                    return found[0]
    except struct.error:
        pass  # a header cut off: its decoder says so
    return 0
