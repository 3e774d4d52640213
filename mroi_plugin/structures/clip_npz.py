"""A clip as compressed arrays; the schema is documented in docs/results_schema.md."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from mroi_plugin.structures.clip import OF_PERSONS, Clip
from mroi_plugin.structures.npz_file import load_arrays
from mroi_plugin.utils.atomic_files import atomic_file

VERSION = 1
FORMAT = 'mroi_plugin.clip'
OF_CLIP = (
    *('name', 'size', 'crop_size', 'fps', 'times', 'joint_names'),
    *('frames', 'tracks', 'present'),
)


def write_clip_npz(clip: Clip, stem: Path) -> Path:
    """Write ``STEM.npz``; returns it."""
    path = Path(f'{stem}.npz')
    told = {name: np.asarray(getattr(clip, name)) for name in OF_CLIP}
    with atomic_file(path) as part:
        np.savez_compressed(part, format=FORMAT, version=VERSION, **told, **clip.columns)
    return path


def is_clip(path: str | os.PathLike[str]) -> bool:
    """Whether an NPZ file says that it is a clip."""
    return str(load_arrays(path, 'result or clip', 'format').get('format')) == FORMAT


def read_clip_npz(path: str | os.PathLike[str]) -> Clip:
    """The clip of a file of `write_clip_npz`, exactly; nothing in it is executed.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form or version.
    """
    found = load_arrays(path, 'clip')
    form, version = str(found.pop('format', None)), int(found.pop('version', 0))
    if (form, version) != (FORMAT, VERSION):
        raise ValueError(
            f'{path} is {form}, version {version}; expected {FORMAT}, version {VERSION}: files of '
            'single images are read by read_npz, others by the version that wrote them.'
        )
    absent = sorted({*OF_CLIP, *OF_PERSONS} - set(found))
    if absent:
        raise ValueError(f'{path} lacks {", ".join(absent)}.')
    told = {name: found.pop(name) for name in OF_CLIP}
    wrong = [name for name, x in found.items() if x.shape[:2] != told['present'].shape]
    if wrong:
        raise ValueError(
            f'{path}: {wrong[0]} is {found[wrong[0]].shape}, expected '
            f'{(*told["present"].shape, "...")}, frames and tracks.'
        )
    return Clip(
        str(told['name']),
        tuple(told['size'].tolist()),
        tuple(told['crop_size'].tolist()),
        float(told['fps']),
        told['times'],
        tuple(told['joint_names'].tolist()),
        told['frames'],
        told['tracks'],
        told['present'],
        found,
    )
