"""An index beside every annotation file: its persons as arrays that are mapped, not read.

A HumanData ``.npz`` is compressed; every process that opens it would unpack all of it. The index
holds what training needs, in one keypoint convention: ``.npy`` files that all processes map and
share. It belongs to a content and not to a path: one that does not agree with the checksums that
the ``.npz`` keeps of its entries is built again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import os.path as osp
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape, glob
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.lib import format as npy

from mroi_plugin.datasets.annotation_checks import KEYPOINTS
from mroi_plugin.datasets.annotation_columns import dictionary
from mroi_plugin.datasets.annotation_file import (
    CHUNK,
    Table,
    checksums,
    keypoint_chunks,
    open_human_data,
)
from mroi_plugin.datasets.annotation_notes import notes_of
from mroi_plugin.datasets.person_columns import (
    box_columns,
    camera_columns,
    smpl_columns,
    table_genders,
)
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.utils.progress import track

ANNOTATED = ('keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender')
"""What a person may be annotated with."""
VERSION = 3
"""Of the columns; another number makes every index stale."""
LONG = 20_000
"""Persons from which on building an index shows its progress."""
INFO, PART = 'info.json', '.part'


class Index:
    """The persons of an annotation file, mapped read-only; pickled, it is the path alone.

    Args:
        path: folder of the index.

    Attributes:
        arrays: float32 columns with one row per person; see `Annotations`.
        image_paths: of every person.
        genders: (N) int8, 0 male, 1 female, -1 neutral.
        digest: `fingerprint` of the annotation file.
        body: fingerprint of the body that made the annotations, if the file says so.
        shares: share of persons, 0 to 1, who have each of `ANNOTATED`.
        notes: what of the file is not used as it stands.

    Raises:
        OSError: if a file of it is missing.
        ValueError: if it is damaged.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            with open(osp.join(path, INFO), encoding='utf-8') as file:
                info = json.load(file)
            self.arrays = {
                name: np.broadcast_to(np.float32(0), zeros) if zeros else self._mapped(name)
                for name, zeros in info['columns'].items()
            }
            self.image_paths = Texts(self._mapped('image_path'))
            self.genders = self._mapped('gender')
            self.digest: str = info['digest']
            self.body: str | None = info['body']
            self.shares: dict[str, float] = info['shares']
            self.notes: list[str] = info['notes']
        except (ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
            raise ValueError(
                f'{path} is no whole index of annotations ({error}): remove it, it is built again.'
            ) from error

    def _mapped(self, name: str) -> np.ndarray:
        # As a plain array: rows of numpy's memmap class cost several times as much.
        path = osp.join(self.path, f'{name}.npy')
        return np.asarray(np.load(path, mmap_mode='r', allow_pickle=False))

    def __reduce__(self) -> tuple[Any, ...]:
        return Index, (self.path,)


class Texts(Sequence[str]):
    """Texts kept as an array of UTF-8 bytes of one length.

    Args:
        encoded: (N) bytes.
    """

    def __init__(self, encoded: np.ndarray) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: Any) -> Any:
        found = self.encoded[index]
        return found.decode() if isinstance(found, bytes) else [text.decode() for text in found]


def fingerprint(path: str, convention: str) -> str:
    """Digest of the content of an ``.npz`` and of how it is read.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it is no ``.npz``.
        ValueError: for an unknown convention.
    """
    told = repr((VERSION, checksums(path), keypoint_names(convention)))
    return hashlib.sha256(told.encode()).hexdigest()


def index_places(path: str, convention: str, digest: str) -> tuple[str, str]:
    """The index beside the file, and in the user's cache for where that folder is read-only."""
    cache = os.environ.get('XDG_CACHE_HOME') or osp.join(osp.expanduser('~'), '.cache')
    return (
        f'{osp.splitext(path)[0]}.{convention}.index',
        osp.join(cache, 'mroi_plugin', f'{digest[:32]}.index'),
    )


def open_index(path: str, convention: str) -> Index:
    """Map the index of an annotation file; the first process to ask builds it, others wait.

    Args:
        path: HumanData ``.npz``.
        convention: of the keypoints.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it cannot be read or contradicts itself.
        OSError: if the index can be written neither beside the file nor to the cache, or the disk
            is full; nothing of it is left then.
    """
    digest = fingerprint(path, convention)
    places = index_places(path, convention, digest)
    for place in places:
        index = _whole(place, digest)
        if index is not None:
            return index
    place = places[0] if os.access(osp.dirname(places[0]) or '.', os.W_OK) else _cached(places)
    folder, name = osp.split(place)
    # The system frees the lock of a process that dies. Its file stays: removing it would be a race.
    lock = FileLock(osp.join(folder, f'.{name}.lock'), mode=0o666)
    with suppress(NotImplementedError):  # a file system without locks: every process builds
        lock.acquire()
    try:
        if _whole(place, digest) is None:
            for left in glob(f'{escape(place)}.*{PART}*') if lock.is_locked else ():
                _remove(left)  # a builder was killed
            _build(path, convention, place, digest)
        return Index(place)
    finally:
        lock.release()


def _whole(place: str, digest: str) -> Index | None:
    """The index at a place if it is whole and of this content."""
    try:
        index = Index(place)
    except (OSError, ValueError):
        return None
    return index if index.digest == digest else None


def _cached(places: tuple[str, str]) -> str:
    beside, cache = places
    try:
        os.makedirs(osp.dirname(cache), exist_ok=True)
    except OSError as error:
        raise OSError(
            f'the index {beside} cannot be written, for its folder is read-only, nor can {cache} '
            f'({error}): make one of them writable, or set XDG_CACHE_HOME to a folder that is.'
        ) from error
    return cache


def _build(path: str, convention: str, place: str, digest: str) -> None:
    table = open_human_data(path)
    count, joints = len(table['image_path']), len(keypoint_names(convention))
    cameras, notes = camera_columns(f'{path} (ann_file)', table)
    columns = {**box_columns(table), **smpl_columns(table, count), **cameras}
    zeros = {name: None if array.any() else array.shape for name, array in columns.items()}
    shares = {
        'smpl': float(columns['has_smpl'].mean()),
        'transl': float(columns['has_transl'].mean()),
        'focal_length': float('focal_length' in columns),
    }
    columns['image_path'] = np.array([name.encode() for name in table['image_path']])
    columns['gender'] = table_genders(path, table)
    shares['gender'] = float((columns['gender'] >= 0).mean())
    with _new_folder(place) as folder:
        for name, array in columns.items():
            if zeros.get(name) is None:
                _write(folder, name, count, [array])
        for key, channels in KEYPOINTS.items():
            zeros[key] = None if key in table else (count, joints, channels)
            shares[key] = _write_keypoints(folder, path, table, key, convention)
        body = dictionary(path, table, 'misc').get('body')
        info = {
            'digest': digest,
            'body': body if body is None else str(body),
            'shares': shares,
            'notes': [*notes, *notes_of(table)],
            'columns': zeros,
        }
        with open(osp.join(folder, INFO), 'w', encoding='utf-8') as file:
            json.dump(info, file)


def _write_keypoints(folder: str, path: str, table: Table, key: str, convention: str) -> float:
    """Write keypoints, where the file has them; returns the share of persons who have any."""
    if key not in table:
        return 0.0
    count, known = len(table[key]), 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal known
        for chunk in keypoint_chunks(table, key, convention):
            known += int((chunk[..., -1] > 0).any(1).sum())
            yield chunk

    label = f'index of {osp.basename(path)}, {key}'
    _write(folder, key, count, track(counted(), label, -(-count // CHUNK), quiet=count < LONG))
    return known / count


def _write(folder: str, name: str, count: int, chunks: Iterable[np.ndarray]) -> None:
    """Write one column of N rows as ``.npy``, from chunks (n, ...) of them in order."""
    # Ordinary writes: on a full disk they are an error, where those through a map kill the process.
    with open(osp.join(folder, f'{name}.npy'), 'wb') as file:
        for i, chunk in enumerate(map(np.ascontiguousarray, chunks)):
            if not i:
                header = npy.header_data_from_array_1_0(chunk)
                npy.write_array_header_1_0(file, {**header, 'shape': (count, *chunk.shape[1:])})
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _new_folder(place: str) -> Iterator[str]:
    """Yield a folder that replaces what is at a place, and is gone again if an error is raised.

    Readers find the old one, none or the new one; whoever has mapped the old one keeps it.

    Raises:
        OSError: if the folder cannot be written, naming the place.
    """
    part = f'{place}.{os.uname().nodename}.{os.getpid()}{PART}'
    old = f'{part}.old'
    try:
        os.mkdir(part)
        yield part
        for attempt in range(5):
            with suppress(FileNotFoundError):
                os.rename(place, old)
            try:
                os.rename(part, place)
                break
            except OSError as error:  # another builder was faster; ours replaces its equal one
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == 4:
                    raise
                _remove(old)
    except OSError as error:
        raise OSError(
            error.errno,
            f'the index {place} cannot be written ({error.strerror or error}); nothing of it is '
            'left: make room on that disk, or set the rights of that folder',
        ) from error
    finally:
        _remove(part)
        _remove(old)


def _remove(path: str) -> None:
    """Remove a folder or a file, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(path)
