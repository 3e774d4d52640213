"""A result as compressed arrays."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from mroi_plugin.structures.columns import from_columns, to_columns
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.atomic_files import atomic_file


def write_npz(result: ImageResult, stem: Path) -> Path:
    """Write ``STEM.npz``; returns it."""
    path = Path(f'{stem}.npz')
    with atomic_file(path) as part:
        np.savez_compressed(part, **to_columns(result))
    return path


def read_npz(path: str | os.PathLike[str]) -> ImageResult:
    """The result of a file of `write_npz`, exactly; nothing in it is executed.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form or version.
    """
    return from_columns(str(path), load_arrays(path, 'result'))


def load_arrays(
    path: str | os.PathLike[str], what: str, only: str | None = None
) -> dict[str, np.ndarray]:
    """Arrays of an NPZ file by name.

    Args:
        path: of the file.
        what: it should hold, for messages.
        only: name of the one array to read, which need not be there; None for all.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or holds anything but arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if only in (None, name)}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(f'{path} is no readable .npz of a {what} ({error}).') from error
