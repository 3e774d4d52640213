"""An index beside every annotation file: its persons as arrays that are mapped, not read.

A HumanData ``.npz`` is compressed; every process that opens it would unpack all of it. The index
holds what training needs, in one keypoint convention. It belongs to a content and not to a path:
the check sums that the ``.npz`` keeps of its entries are in it, and one that does not agree with
them is built anew.
"""

from __future__ import annotations

import hashlib
import os
import os.path as osp
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from mroi_plugin.datasets.human_data_columns import (
    ANNOTATED,
    CHUNK,
    KEYPOINTS,
    has_unused_cameras,
    keypoint_chunks,
    open_persons,
    small_columns,
)
from mroi_plugin.datasets.mapped_arrays import MappedArrays, encode_strings, write_mapped
from mroi_plugin.datasets.one_builder import build_once
from mroi_plugin.host.conventions import keypoint_names
from mroi_plugin.progress import track

VERSION = 1
"""Of the columns; another number makes every index stale."""
LONG = 20_000
"""Persons from which on building an index shows its progress."""


def fingerprint(path: str, convention: str) -> str:
    """Digest of the content of an ``.npz``, from the check sums in its directory, and of how it is
    read.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it is no ``.npz``.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (ann_file) is missing: see README.md, "Data".')
    try:
        with zipfile.ZipFile(path) as archive:
            entries = sorted((i.filename, i.CRC, i.file_size) for i in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(
            f'{path} (ann_file) is no HumanData .npz ({error}): write it with an mmhuman3d '
            'converter.'
        ) from error
    told = repr((VERSION, entries, keypoint_names(convention)))
    return hashlib.sha256(told.encode()).hexdigest()


def index_places(path: str, convention: str, digest: str) -> tuple[str, str]:
    """Where the index may be: beside the file, or in the user's cache where that folder is
    read-only."""
    cache = os.environ.get('XDG_CACHE_HOME') or osp.join(osp.expanduser('~'), '.cache')
    return (
        f'{osp.splitext(path)[0]}.{convention}.index',
        osp.join(cache, 'mroi_plugin', f'{digest[:32]}.index'),
    )


def open_index(path: str, convention: str) -> MappedArrays:
    """Map the index of an annotation file; the first process to ask builds it, others wait.

    Args:
        path: HumanData ``.npz``.
        convention: of the keypoints.

    Returns:
        The columns of `Annotations`, and ``_gender``, ``_path_data``, ``_path_ends`` and
        ``_shares``.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read or contradicts itself.
        OSError: if the index can be written neither beside the file nor to the cache.
    """
    digest = fingerprint(path, convention)
    places = index_places(path, convention, digest)
    found = [place for place in places if _fits(place, digest)]
    if found:
        return MappedArrays(found[0])
    place = places[0] if os.access(osp.dirname(places[0]) or '.', os.W_OK) else _cached(places)
    build_once(
        ready=lambda: _fits(place, digest),
        build=lambda: _build(path, convention, place, digest),
        lock=f'{place}.lock',
    )
    return MappedArrays(place)


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


def _fits(place: str, digest: str) -> bool:
    """Whether a whole index of this content is there."""
    try:
        return MappedArrays(place).info.get('digest') == digest
    except (OSError, ValueError):
        return False


def _build(path: str, convention: str, place: str, digest: str) -> None:
    data = open_persons(path)
    columns = small_columns(path, data)
    paths = encode_strings([str(name) for name in data['image_path']])
    columns.update({'_path_data': paths['data'], '_path_ends': paths['ends']})
    count, joints = len(data['image_path']), len(keypoint_names(convention))
    shapes: dict[str, Any] = {
        name: (array.shape, array.dtype if array.dtype != 'f4' or array.any() else None)
        for name, array in columns.items()
    }
    for name, channels in KEYPOINTS.items():
        shapes[name] = ((count, joints, channels), 'f4' if name in data else None)
    body = (data.get('misc') or {}).get('body')
    shapes['_shares'] = ((len(ANNOTATED),), 'f8')
    info = {'digest': digest, 'body': body, 'unused_cameras': has_unused_cameras(data)}
    with write_mapped(place, shapes, info) as arrays:
        for name, array in columns.items():
            if shapes[name][1] is not None:
                arrays[name][:] = array
        for name in (name for name in KEYPOINTS if name in data):
            steps = keypoint_chunks(data, name, convention)
            label = f'index of {osp.basename(path)}, {name}'
            for rows, values in track(steps, label, -(-count // CHUNK), quiet=count < LONG):
                arrays[name][rows] = values
        arrays['_shares'][:] = [_share(arrays, name) for name in ANNOTATED]


def _share(arrays: Mapping[str, np.ndarray], name: str) -> float:
    """Share of persons, 0 to 1, for whom something of `ANNOTATED` is known."""
    if name in KEYPOINTS:
        confidence = arrays[name][..., -1]
        starts = range(0, len(confidence), CHUNK)
        return sum((confidence[i : i + CHUNK] > 0).any(1).sum() for i in starts) / len(confidence)
    if name in ('smpl', 'transl'):
        return float(arrays[f'has_{name}'].mean())
    return float((arrays['_gender'] >= 0).mean()) if name == 'gender' else float(name in arrays)
