"""Files of one JSON object per line, whose last line a kill may have cut off."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file; a line that is none, mostly the last one of a killed run, is skipped
    with a warning."""
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            yield entry
        else:
            warnings.warn(
                f'{path}, line {number} of {len(lines)}: no JSON object, skipped; a killed '
                'run may have cut it off.',
                stacklevel=2,
            )
