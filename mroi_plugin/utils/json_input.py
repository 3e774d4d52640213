"""JSON files that a user gives."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any


def load_json(path: str | os.PathLike[str], what: str, expected: str) -> Any:
    """Content of a file in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Args:
        path: the file.
        what: the option that names it.
        expected: what it should hold.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no JSON, nested too deeply, or has a key twice in an object.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} ({what}): no such file.')
    try:
        return json.loads(Path(path).read_bytes(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} ({what}) is no JSON: {error}; expected {expected}.') from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f'the key {twice!r} is there twice in an object')
    return found
