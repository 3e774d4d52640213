"""Checks of the columns of annotation files: there, one row per person, numbers of the right shape.

Files are named in errors as the caller names them, as ``path``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any, NoReturn

import numpy as np

from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.models.body_models.genders import gender_code

CHUNK = 8192
"""Persons whose columns are processed at a time."""
MAX_VISIBILITY = 2
"""The largest confidence that means something: COCO's label of a visible joint."""
REMEDY = (
    'fetch the file again, or write it with an mmhuman3d converter or tools/import_annotations.py'
)


def refuse(path: str, name: str, found: str, expected: str) -> NoReturn:
    """Raise the error of a column.

    Args:
        path: the file.
        name: key of the column.
        found: what is wrong, as a verb: ``is missing``.
        expected: what should be there.

    Raises:
        AnnotationError: always.
    """
    raise AnnotationError(f'{path}: {name} {found}, expected {expected}: {REMEDY}.')


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


def rows(
    path: str,
    name: str,
    values: Any,
    count: int,
    shape: Sequence[int],
    more: bool = False,
    exact: bool = False,
) -> np.ndarray:
    """One column of numbers, in the type that the file has; nothing is copied.

    Args:
        path: the file.
        name: key of the column.
        values: what the file has.
        count: number of persons N.
        shape: wanted shape of one row; ``values`` may be flat or have axes of length 1.
        more: rows may have further numbers, which are left out.
        exact: rows must have this very shape.

    Returns:
        (N, *shape).

    Raises:
        AnnotationError: for a ragged list, text, or a wrong length or shape.
    """
    size, wanted = prod(shape), str(('N', *shape)).replace("'", '')
    expected = f'{wanted}, {size} number{"s"[: size != 1]} per person'
    try:
        array = np.asarray(values)
    except ValueError:
        refuse(path, name, 'is a ragged list', expected)
    if array.dtype.kind not in 'fiub' or array.dtype.itemsize > 8:
        refuse(path, name, f'is of type {array.dtype}', f'numbers, {expected}')
    if not array.ndim:
        refuse(path, name, 'is a single value', expected)
    if len(array) != count:
        refuse(path, name, f'has {len(array)} rows beside {count} image paths', expected)
    found = prod(array.shape[1:])
    fits = array.shape[1:] == tuple(shape) if exact else found == size or (more and found > size)
    if not fits:
        refuse(path, name, f'is of shape {array.shape}', expected)
    return array.reshape(count, found)[:, :size].reshape(count, *shape)


def column(
    path: str,
    name: str,
    values: Any,
    count: int,
    shape: Sequence[int],
    finite: bool = False,
    more: bool = False,
) -> np.ndarray:
    """One column as float64, a copy; see `rows`.

    Args:
        path: the file.
        name: key of the column.
        values: what the file has.
        count: number of persons N.
        shape: wanted shape of one row.
        finite: refuse NaN and infinity.
        more: see `rows`.

    Returns:
        (N, *shape) float64.

    Raises:
        AnnotationError: as of `rows`, or for values that are not finite.
    """
    array = rows(path, name, values, count, shape, more).astype(np.float64)
    if finite:
        check_rows(path, name, array, is_finite(array), 'finite numbers')
    return array


def is_finite(values: np.ndarray) -> np.ndarray:
    """Rows (N) whose numbers are all finite, in float32 too."""
    return (np.abs(values) <= np.finfo(np.float32).max).all(axis=tuple(range(1, values.ndim)))


def check_rows(
    path: str,
    name: str,
    values: np.ndarray,
    good: np.ndarray,
    expected: str,
    image_paths: Sequence[str] = (),
) -> None:
    """Check that all rows are good.

    Args:
        path: the file.
        name: key of the column.
        values: (N, ...) the column.
        good: (N) which rows are.
        expected: what a good row is.
        image_paths: of the N persons, if they are known.

    Raises:
        AnnotationError: naming the first row that is not, and its values.
    """
    bad = np.flatnonzero(~good).tolist()
    if bad:
        image = f' ({image_paths[bad[0]]})' if image_paths else ''
        raise AnnotationError(
            f'{path}: {name} of {len(bad)} persons, first sample {bad[0]}{image}, is '
            f'{values[bad[0]].tolist()}, expected {expected}: fix or drop them.'
        )


def file_names(path: str, name: str, values: Any) -> list[str]:
    """The column that says how many persons there are: the names of their images.

    Raises:
        AnnotationError: if there is none, or one that is no text or is empty.
    """
    values = values if isinstance(values, (list, tuple)) else np.ravel(values).tolist()
    names = [_decoded(value) for value in values]
    if not names:
        raise AnnotationError(f'{path} holds no {name!r} entries: nothing to load.')
    for i, value in enumerate(names):
        if not isinstance(value, str) or not value:
            found = value if value is None else str(value)
            refuse(path, f'{name} of sample {i}', f'is {found!r}', 'the name of a file')
    return [str(value) for value in names]


def _decoded(value: Any) -> Any:
    """Bytes in UTF-8 as text; anything else as it is."""
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode()
    return value


def gender_codes(path: str, name: str, values: Any, count: int) -> np.ndarray:
    """A column of genders, in the words of `gender_code`, as codes (N) int8: 0 male, 1 female, -1
    neutral.

    Raises:
        AnnotationError: if there is not one per person, naming the first that is none of them.
    """
    given = values if isinstance(values, (list, tuple)) else np.ravel(values)
    if len(given) != count:
        found = f'has {len(given)} rows beside {count} image paths'
        refuse(path, name, found, 'one word per person')
    codes = [gender_code(value) for value in given]
    if None in codes:
        first = codes.index(None)
        found = f'of {codes.count(None)} persons, first sample {first}, is {str(given[first])!r}'
        refuse(path, name, found, "'male', 'female' or 'neutral', or 0, 1 or -1 for them")
    return np.array(codes, np.int8)


def clip_confidence(points: np.ndarray) -> np.ndarray:
    """Keypoints (..., C) whose last channel, the confidence, lies in 0..1: COCO's visibilities 1
    (labeled) and 2 (labeled and visible) both become 1, as in MMPose."""
    confidence = points[..., -1]
    if not ((confidence < 0) | (confidence > 1)).any():
        return points
    return np.concatenate([points[..., :-1], confidence.clip(0, 1)[..., None]], -1)


def chunks_of(count: int) -> Iterator[slice]:
    """`CHUNK` of N rows at a time; of none, one empty chunk."""
    for start in range(0, max(count, 1), CHUNK):
        yield slice(start, min(start + CHUNK, count))


def by_chunks(column: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function of the rows of a column (N, ...), with a row of its result for each; `CHUNK` rows
    at a time, so that nothing large is copied."""
    return np.concatenate([function(column[part]) for part in chunks_of(len(column))])


def largest_confidence(points: np.ndarray) -> np.ndarray:
    """Of the keypoints (N, K, C) of each person: (N), 0 where none is known."""
    return by_chunks(points, lambda part: np.nan_to_num(part[..., -1]).max(1, initial=0))


def check_confidence(path: str, name: str, points: np.ndarray, names: Sequence[str] = ()) -> None:
    """Refuse keypoints (N, K, C) whose confidence is neither a probability nor COCO's visibility.

    Raises:
        AnnotationError: naming the first person.
    """
    if points.shape[1]:
        worst = largest_confidence(points)
        check_rows(
            path,
            f'{name}: largest confidence',
            worst,
            worst <= MAX_VISIBILITY,
            "0..1, or COCO's visibility 0, 1 or 2",
            names,
        )


def dictionary(path: str, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An entry that is a dictionary; empty if it is absent.

    Raises:
        AnnotationError: if it is anything else.
    """
    value = table.get(key)
    if value is not None and not isinstance(value, Mapping):
        refuse(path, key, f'is a {type(value).__name__}', 'a dictionary')
    return value or {}
