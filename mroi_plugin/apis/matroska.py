"""How long a Matroska or WebM file should be."""

from __future__ import annotations

HEADER, SEGMENT = b'\x1a\x45\xdf\xa3', b'\x18\x53\x80\x67'
"""Ids of the two elements of EBML that such a file consists of."""
READ = 4096
"""Bytes in which the second begins."""


def segment_end(path: str) -> int | None:
    """Number of bytes that a file should have; None where it does not say it, as of a recording
    that was never finished.

    Source: RFC 8794 (EBML), 4 and 6; RFC 9559 (Matroska), 5.1.
    """
    with open(path, 'rb') as file:
        data = file.read(READ)
    at = 0
    for element in (HEADER, SEGMENT):
        if data[at : at + 4] != element:
            return None
        start, size = _size(data, at + 4)
        if size is None:
            return None
        at = start + size
    return at


def _size(data: bytes, at: int) -> tuple[int, int | None]:
    """Where the content of an element begins, and its number of bytes; None if it is unknown."""
    length = 9 - data[at].bit_length() if at < len(data) and data[at] else 0
    if not 0 < length <= len(data) - at:
        return at, None
    mask = (1 << 7 * length) - 1
    value = int.from_bytes(data[at : at + length], 'big') & mask
    return at + length, None if value == mask else value
