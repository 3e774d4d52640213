"""An index beside every annotation file: its persons as arrays that are mapped, not read.

A HumanData ``.npz`` is compressed; every process that opens it would unpack all of it. The index
holds what training needs, in one keypoint convention: ``.npy`` files that all processes map and
share. It belongs to a content and not to a path: one that does not agree with the checksums that
the ``.npz`` keeps of its entries is built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import os.path as osp
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_checks import KEYPOINTS
from mroi_plugin.datasets.annotation_columns import CHUNK, chunks_of, dictionary
from mroi_plugin.datasets.annotation_file import (
    Table,
    checksums,
    keypoint_rows,
    open_human_data,
)
from mroi_plugin.datasets.annotation_notes import notes_of
from mroi_plugin.datasets.column_files import ColumnFiles
from mroi_plugin.datasets.person_columns import (
    box_columns,
    camera_columns,
    size_columns,
    smpl_rows,
    table_genders,
)
from mroi_plugin.datasets.texts import Texts, encoded, longest
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.utils.atomic_folders import atomic_folder, remove_folder_parts
from mroi_plugin.utils.ownership import locked
from mroi_plugin.utils.progress import track

ANNOTATED = ('keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender')
"""What a person may be annotated with."""
VERSION = 4
"""Of the columns; another number makes every index stale."""
LONG = 20_000
"""Persons from which on building an index shows its progress."""
BLOCK = 2**24
"""Bytes that are read at a time for a checksum."""
PATIENCE_S = 600.0
"""How long another process that builds an index is waited for."""
INFO = 'info.json'
APART = ('image_path', 'gender')
"""Columns that are no numbers of the person's: always written."""


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
        sums: CRC-32 of the files of the columns, which `open_index` checks.
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
            if info['sum'] != _sum_of(info):
                raise ValueError(f'{INFO} has another checksum')
            self.sums: dict[str, int] = info['sums']
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
        except OSError:
            raise
        except Exception as error:  # numpy parses headers as Python, whose errors are many
            raise ValueError(
                f'{path} is no whole index of annotations ({error}): remove it, it is built again.'
            ) from error

    def _mapped(self, name: str) -> np.ndarray:
        # As a plain array: rows of numpy's memmap class cost several times as much.
        path = osp.join(self.path, f'{name}.npy')
        return np.asarray(np.load(path, mmap_mode='r', allow_pickle=False))

    def __reduce__(self) -> tuple[Any, ...]:
        return Index, (self.path,)


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
    """Where the index may be: beside the file, or in the user's cache where that folder takes no
    more."""
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
        OSError: if the index can be written neither beside the file nor to the cache, whose disks
            may be full; nothing of it is left then.
        UsageError: if another process builds it for longer than `PATIENCE_S`.
    """
    digest = fingerprint(path, convention)
    places = index_places(path, convention, digest)
    for place in places:
        index = _whole(place, digest)
        if index is not None:
            return index
    problems = []
    for place in places:
        try:
            os.makedirs(osp.dirname(place) or '.', exist_ok=True)
            return _built(path, convention, place, digest)
        except OSError as error:
            problems.append(str(error))
    raise OSError(
        f'the index of {path} can be written neither beside it nor to the cache '
        f'({"; ".join(problems)}): make room, make one of the folders writable, or set '
        'XDG_CACHE_HOME to a folder that is.'
    )


def _built(path: str, convention: str, place: str, digest: str) -> Index:
    """The index at a place, built unless another process has just done so."""
    folder, name = osp.split(place)
    # The lock's file stays: removing it would be a race.
    told = f'the index {place} is built'
    with locked(osp.join(folder, f'.{name}.lock'), told, PATIENCE_S) as alone:
        index = _whole(place, digest)
        if index is not None:
            return index
        if alone:
            remove_folder_parts(place)
        _build(path, convention, place, digest)
        return Index(place)


def _whole(place: str, digest: str) -> Index | None:
    """The index at a place if it is whole and of this content."""
    try:
        index = Index(place)
        return index if index.digest == digest and _sums(place) == index.sums else None
    except (OSError, ValueError):
        return None


def _sums(folder: str) -> dict[str, int]:
    """CRC-32 of every column of an index, by the name of its file."""
    found = {}
    for entry in os.scandir(folder):
        if entry.name.endswith('.npy'):
            with open(entry.path, 'rb') as file:
                total = 0
                while block := file.read(BLOCK):
                    total = zlib.crc32(block, total)
            found[entry.name] = total
    return found


def _sum_of(info: dict[str, Any]) -> int:
    """CRC-32 of what ``info.json`` says beside it."""
    told = {key: value for key, value in info.items() if key != 'sum'}
    return zlib.crc32(json.dumps(told, sort_keys=True).encode())


def _build(path: str, convention: str, place: str, digest: str) -> None:
    table, where = open_human_data(path, osp.dirname(place) or '.'), f'{path} (ann_file)'
    count, joints = len(table['image_path']), len(keypoint_names(convention))
    cameras, notes = camera_columns(where, table)
    whole = {**size_columns(where, table), **cameras, 'gender': table_genders(path, table)}
    known: Counter[str] = Counter()
    with atomic_folder(place) as folder:
        with ColumnFiles(folder, count) as columns:
            chunks, steps = _chunks(table, whole, convention), -(-count // CHUNK)
            label = f'index of {osp.basename(path)}'
            for part in track(chunks, label, steps, quiet=count < LONG):
                known.update(_known(part))
                for name, rows in part.items():
                    columns.add(name, rows)
        zeros = {
            name: shape if name in columns.zeros else None
            for name, shape in columns.shapes.items()
            if name not in APART
        }
        for name in filter(zeros.get, zeros):
            os.remove(osp.join(folder, f'{name}.npy'))
        zeros.update({k: (count, joints, n) for k, n in KEYPOINTS.items() if k not in table})
        body = dictionary(path, table, 'misc').get('body')
        info = {
            'digest': digest,
            'body': body if body is None else str(body),
            'shares': {name: known[name] / count for name in ANNOTATED},
            'notes': [*notes, *notes_of(table)],
            'columns': zeros,
            'sums': _sums(folder),
        }
        with open(osp.join(folder, INFO), 'w', encoding='utf-8') as file:
            json.dump({**info, 'sum': _sum_of(info)}, file)


def _chunks(
    table: Table, whole: dict[str, np.ndarray], convention: str
) -> Iterator[dict[str, np.ndarray]]:
    """All columns, of some persons at a time."""
    names = table['image_path']
    size = longest(names)
    for part in chunks_of(len(names)):
        yield {
            **{name: column[part] for name, column in whole.items()},
            **box_columns(table, part),
            **smpl_rows(table, part),
            **{k: keypoint_rows(table, k, convention, part) for k in KEYPOINTS if k in table},
            'image_path': encoded(names[part], size),
        }


def _known(part: dict[str, np.ndarray]) -> dict[str, int]:
    """Number of persons, in a chunk of all columns, who have each of `ANNOTATED`."""
    has = {
        'smpl': part['has_smpl'] > 0,
        'transl': part['has_transl'] > 0,
        'gender': part['gender'] >= 0,
        **{key: (part[key][..., -1] > 0).any(1) for key in KEYPOINTS if key in part},
    }
    if 'focal_length' in part:
        has['focal_length'] = part['focal_length'] > 0
    return {name: int(np.sum(who)) for name, who in has.items()}
