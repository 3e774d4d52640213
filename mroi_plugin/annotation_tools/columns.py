"""Columns of annotation tables, checked: there, one row per person, of the right shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mroi_plugin.annotation_tools.problems import AnnotationError


def require_keys(path: str, table: Mapping[str, Any], keys: Iterable[str], hint: str) -> None:
    """Check that all keys are there.

    Args:
        path: the file.
        table: its content.
        keys: what is needed.
        hint: what to do if one is missing.

    Raises:
        AnnotationError: naming all missing keys and those that the file has.
    """
    missing = [key for key in keys if key not in table]
    if missing:
        found = ', '.join(sorted(map(str, table))) or 'nothing'
        raise AnnotationError(f'{path} lacks {", ".join(missing)}; it has {found}. {hint}')


def column(
    path: str, name: str, values: Any, count: int, shape: Sequence[int], finite: bool = False
) -> np.ndarray:
    """One column as float64.

    Args:
        path: the file.
        name: key of the column, for messages.
        values: what the file has.
        count: number of persons N.
        shape: wanted shape of one row; ``values`` may be flat.
        finite: refuse NaN and infinity.

    Returns:
        (N, *shape) float64.

    Raises:
        AnnotationError: for text, a wrong length or shape, or values that are not finite.
    """
    array = _as_numbers(path, name, values)
    if array.ndim == 0 or len(array) != count:
        found = len(array) if array.ndim else 'no'
        raise AnnotationError(
            f'{path}: {name} has {found} rows, but there are {count} image paths; all must have '
            'one per person.'
        )
    if array.size != count * int(np.prod(shape, dtype=int)):
        raise AnnotationError(
            f'{path}: {name} has shape {array.shape}, expected {(count, *shape)}.'
        )
    array = array.reshape(count, *shape)
    bad = ~np.isfinite(array.reshape(count, -1)).all(1)
    if finite and bad.any():
        raise AnnotationError(
            f'{path}: {name} of {int(bad.sum())} samples is not finite; the first is sample '
            f'{int(np.flatnonzero(bad)[0])}. Mend or drop them.'
        )
    return array


def _as_numbers(path: str, name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (ValueError, TypeError) as error:
        raise AnnotationError(f'{path}: {name} holds no plain numbers ({error}).') from error


def texts(path: str, name: str, values: Any, count: int | None = None) -> list[str]:
    """A column of names as text.

    Raises:
        AnnotationError: if it is empty or of the wrong length.
    """
    names = [v.decode() if isinstance(v, bytes) else str(v) for v in np.asarray(values).reshape(-1)]
    if count is None and not names:
        raise AnnotationError(f'{path}: {name} is empty, there is no person in the file.')
    if count is not None and len(names) != count:
        raise AnnotationError(
            f'{path}: {name} has {len(names)} rows, but there are {count} image paths.'
        )
    return names
