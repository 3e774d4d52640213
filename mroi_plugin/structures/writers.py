"""Writers of a result, and of the clip of a video, by the name of the format."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Optional

from mroi_plugin.structures.clip import Clip
from mroi_plugin.structures.clip_npz import write_clip_npz
from mroi_plugin.structures.json_file import write_json
from mroi_plugin.structures.npz_file import write_npz
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import Rig

Writer = Callable[[ImageResult, Path], Optional[Path]]


def _mesh_writer(kind: str) -> Writer:
    """That of `mesh_file`, imported with the first mesh: trimesh takes a third of a second."""

    def write(result: ImageResult, stem: Path) -> Path | None:
        from mroi_plugin.structures import mesh_file

        return getattr(mesh_file, f'write_{kind}')(result, stem)

    return write


WRITERS: dict[str, Writer] = {
    'json': write_json,
    'npz': write_npz,
    **{kind: _mesh_writer(kind) for kind in ('obj', 'ply', 'glb')},
}
"""They take a result and the path to write without its extension, and return the file; meshes of
nobody are None."""
CLIP_FORMATS = ('npz', 'glb', 'bvh')
"""Of which a video has one file, or one per track, and not one per frame."""


def write_clip(clip: Clip, rig: Rig, stem: Path, formats: Collection[str]) -> list[Path]:
    """Write the files of a video, and return them.

    Args:
        clip: of the video.
        rig: of the body that the poses are of.
        stem: path without extension.
        formats: some of `CLIP_FORMATS`; others are ignored.
    """
    files: list[Path | None] = []
    if 'npz' in formats:
        files.append(write_clip_npz(clip, stem))
    if 'glb' in formats:
        from mroi_plugin.structures.clip_glb import write_clip_glb

        files.append(write_clip_glb(clip, rig, stem))
    if 'bvh' in formats:
        from mroi_plugin.structures.clip_bvh import write_clip_bvh

        files += write_clip_bvh(clip, rig, stem)
    return [path for path in files if path is not None]
