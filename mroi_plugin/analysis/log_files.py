"""Files of a run that a kill may have cut off in their last line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from mroi_plugin.utils.json_lines import read_json_lines


def read_scalars(folder: Path) -> Iterator[dict[str, Any]]:
    """Entries of mmengine's ``scalars.json`` files below a run, those of the first attempt first,
    by `read_json_lines`."""
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        yield from read_json_lines(path)


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
