"""Names that come from outside, made safe to print and to write under."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

MAX_STEM_BYTES = 120
"""Of the 255 that a name has, what suffixes and temporary names leave."""
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029<>:"|?*]')
"""Control characters, line breaks, and what Windows allows in no name."""


def printable(text: str) -> str:
    """A text on one line: line breaks and control characters as escapes, UTF-8 for sure."""
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)


def safe_stem(path: str) -> str:
    r"""Name of a file without folder and extension, as the name of a file in any folder.

    Example:
        >>> [safe_stem(name) for name in ('a/b.c.jpg', 'C:\\x\\y.png', '../..', 'a\nb.jpg')]
        ['b.c', 'y', 'result', 'a_b']
    """
    base = path.replace('\\', '/').rsplit('/', 1)[-1]
    stem = PurePosixPath(base).stem if base.strip('. ') else ''
    stem = UNSAFE.sub('_', stem.encode('utf-8', 'replace').decode())
    return stem.encode()[:MAX_STEM_BYTES].decode('utf-8', 'ignore').strip('. ') or 'result'


def list_some(names: Sequence[str], most: int = 3, quoted: bool = True) -> str:
    """The first names, ``most`` of them, and how many there are more.

    Example:
        >>> list_some(['a', 'b', 'c'], 2)
        "'a', 'b' and 1 more"
    """
    shown, more = names[:most], len(names) - most
    told = ', '.join(map(repr, shown) if quoted else shown)
    return told + (f' and {more} more' if more > 0 else '')
