"""Files of a run that a kill may have cut off in their last line."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd


def read_scalars(folder: Path) -> Iterator[dict[str, Any]]:
    """Entries of mmengine's ``scalars.json`` files below a run, those of the first attempt first.

    A line that is no object, mostly the last one of a killed run, is skipped with a warning.
    """
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
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


def read_table(path: Path) -> pd.DataFrame:
    """A CSV file; a last line that does not end is skipped with a warning.

    Raises:
        ValueError: if it is no table.
    """
    text = path.read_text(encoding='utf-8')
    whole, end = text.rpartition('\n')[::2]
    if end:
        warnings.warn(f'{path}: its last line is cut off, skipped.', stacklevel=2)
    return pd.read_csv(StringIO(whole))
