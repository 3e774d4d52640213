"""JSON files that a user gives."""

from __future__ import annotations

import json
import os
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
        ValueError: if it is no JSON, or nested too deeply.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} ({what}): no such file.')
    try:
        return json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} ({what}) is no JSON: {error}; expected {expected}.') from None
