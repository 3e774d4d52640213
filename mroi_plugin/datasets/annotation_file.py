"""HumanData files: read without executing anything, checked, written whole or not at all."""

from __future__ import annotations

import os.path as osp
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_checks import (
    COMPRESSED,
    HUMAN_DATA,
    KEYPOINTS,
    check_columns,
)
from mroi_plugin.datasets.annotation_columns import (
    clip_confidence,
    file_names,
    require_keys,
    rows,
)
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.datasets.texts import stored_names
from mroi_plugin.mmhuman3d_compat.conventions import MAPPING, from_human_data
from mroi_plugin.mmhuman3d_compat.loading import host_module
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.utils.npz_files import read_npz

Table = dict[str, Any]
_ATTRIBUTES = ('__key_strict__', '__data_len__', COMPRESSED)


def checksums(path: str) -> list[tuple[str, int, int]]:
    """Name, CRC-32 and size in bytes of every entry of an ``.npz``, from its directory, sorted.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it is no ``.npz``.
    """
    with _reading(path), zipfile.ZipFile(path) as archive:
        return sorted((entry.filename, entry.CRC, entry.file_size) for entry in archive.infolist())


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Errors of reading a file become those that name it as ``ann_file`` and say what to do."""
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (ann_file) is missing: see docs/data.md.')
    try:
        yield
    except UnsafeFileError:
        raise
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        cause = error.__cause__ or error
        raise AnnotationError(
            f'{path} (ann_file) is no HumanData .npz ({type(cause).__name__}: {cause}): write it '
            'with an mmhuman3d converter.'
        ) from error


def read_entries(path: str, spill: str | None = None) -> Table:
    """Entries of an ``.npz``, unchecked; see `read_npz`.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it cannot be read.
        UnsafeFileError: if it asks for anything but arrays, numbers and containers.
    """
    with _reading(path):
        return read_npz(path, spill)


def open_human_data(path: str, spill: str | None = None) -> Table:
    """Entries of a HumanData ``.npz`` of persons in images, checked, as they are stored.

    Args:
        path: the file; keypoints may be compressed by their mask or in another convention of
            mmhuman3d, if ``keypoints*_convention`` says so.
        spill: see `read_npz`.

    Returns:
        The entries; ``image_path`` is a list of N texts, or with ``spill`` a sequence.

    Raises:
        FileNotFoundError: see `read_entries`.
        AnnotationError: if it cannot be read, holds no person or no boxes, or columns that cannot
            be what they are called.
    """
    table = read_entries(path, spill)
    where = f'{path} (ann_file)'
    names = file_names if spill is None else stored_names
    table['image_path'] = names(where, 'image_path', table.get('image_path', ()))
    require_keys(where, table, ('bbox_xywh',), 'RoIs need the box of every person.')
    check_columns(where, table)
    return table


def read_human_data(path: str) -> Table:
    """Read a HumanData ``.npz`` with its keypoints in the full 'human_data' convention.

    Args:
        path: see `open_human_data`.

    Returns:
        The entries; ``image_path`` is a list, ``bbox_xywh`` (N, 5) px with a score last,
        ``keypoints2d`` (N, 190, 3) px and ``keypoints3d`` (N, 190, 4) m, confidence last, where
        the file has them.

    Raises:
        FileNotFoundError: see `open_human_data`.
        AnnotationError: see `open_human_data`.
    """
    table = open_human_data(path)
    out = {key: value for key, value in table.items() if key not in _ATTRIBUTES}
    boxes = np.asarray(table['bbox_xywh'], np.float64)
    out['bbox_xywh'] = np.hstack([boxes, np.ones((len(boxes), 1))])[:, :5]
    for key in table:
        if key in KEYPOINTS:
            out[key], out[f'{key}_mask'] = _full(table, key, slice(None))
            out[f'{key}_convention'] = HUMAN_DATA
        elif 'keypoints' in key and f'{key}_mask' in table and table.get(COMPRESSED):
            stored = int((np.asarray(table[f'{key}_mask']) > 0).sum())  # e.g. keypoints2d_smpl
            shape = (stored, *np.shape(table[key])[-1:])
            rows(f'{path} (ann_file)', key, table[key], len(boxes), shape, exact=True)
            out[key] = _expand(table, key, slice(None))
    return out


def _expand(table: Table, key: str, chosen: slice) -> np.ndarray:
    """Keypoints (n, K, C) of some persons, those that compression left out as zeros."""
    values = np.asarray(table[key][chosen])
    if not table.get(COMPRESSED):
        return values
    mask = np.asarray(table[f'{key}_mask']) > 0
    full = np.zeros((len(values), len(mask), values.shape[-1]), values.dtype)
    full[:, mask] = values
    return full


def _full(table: Table, key: str, chosen: slice) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (n, 190, C) of some persons in 'human_data' and their mask (190)."""
    convention = str(table.get(f'{key}_convention', HUMAN_DATA))
    points = clip_confidence(_expand(table, key, chosen))
    return to_human_data(points, convention, np.asarray(table[f'{key}_mask']))


def keypoint_rows(table: Table, key: str, convention: str, part: slice) -> np.ndarray:
    """Keypoints (n, K, C) float32 of some persons in a convention.

    Args:
        table: from `open_human_data`.
        key: ``keypoints2d``, pixels, or ``keypoints3d``, meters.
        convention: wanted.
        part: which persons.
    """
    return from_human_data(*_full(table, key, part), convention)


def to_human_data(
    keypoints: np.ndarray, convention: str, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints in the 'human_data' convention.

    Args:
        keypoints: (N, K, C) with confidence last.
        convention: theirs.
        mask: (K) above 0 where the data set annotates the joint; all by default.

    Returns:
        (N, 190, C) and the mask (190) uint8.
    """
    convert_kps = host_module(MAPPING).convert_kps
    mask = np.ones(keypoints.shape[1]) if mask is None else mask
    mask = (mask > 0).astype(np.uint8)
    converted, valid = convert_kps(keypoints, src=convention, dst=HUMAN_DATA, mask=mask)
    return converted, np.asarray(valid, np.uint8)


def select(table: Mapping[str, Any], keep: np.ndarray) -> Table:
    """The persons of a table that stay.

    Args:
        table: entries with one row per person are sliced, one level of dictionaries deep; others
            are kept.
        keep: (N) True where a person stays.
    """
    return {
        key: {name: _kept(value, keep) for name, value in entry.items()}
        if isinstance(entry, dict)
        else entry
        if key.endswith(('_mask', '_convention'))
        else _kept(entry, keep)
        for key, entry in table.items()
    }


def _kept(values: Any, keep: np.ndarray) -> Any:
    if isinstance(values, np.ndarray) and values.ndim and len(values) == len(keep):
        return values[keep]
    if isinstance(values, (list, tuple)) and len(values) == len(keep):
        return [value for value, stays in zip(values, keep) if stays]
    return values


def check_output(path: str, force: bool) -> None:
    """Refuse to write over a file by accident, before any work is done.

    Raises:
        AnnotationError: if the name does not end in ``.npz`` or the file is there already.
    """
    if not path.endswith('.npz'):
        raise AnnotationError(f'{path}: the file to write must end in .npz.')
    if osp.exists(path) and not force:
        raise AnnotationError(f'{path} exists: give --force to replace it.')


def write_human_data(path: str, table: Mapping[str, Any]) -> None:
    """Write a table as a HumanData ``.npz`` with compressed keypoints, whole or not at all.

    The same table, in the same order, gives the same bytes.

    Args:
        path: the file; its folder is made.
        table: as from `read_human_data`.
    """
    data = host_module('mmhuman3d.data.data_structures.human_data').HumanData()
    data.update(table)
    data.__data_len__ = len(table['image_path'])
    for key in [key for key in KEYPOINTS if key in table]:
        data[key] = np.asarray(table[key], np.float32)
    if any(key in table for key in KEYPOINTS):
        data.compress_keypoints_by_mask()
    with atomic_file(path) as part:
        data.dump(str(part))
