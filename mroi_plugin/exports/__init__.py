"""Results of inference as files; see docs/results_schema.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mroi_plugin.exports.coco import write_coco
from mroi_plugin.exports.json_file import read_json, write_json
from mroi_plugin.exports.mesh_file import write_glb, write_obj, write_ply
from mroi_plugin.exports.npz_file import read_npz, write_npz
from mroi_plugin.inference.results import ImageResult

WRITERS: dict[str, Callable[[ImageResult, Path], Path]] = {
    'json': write_json,
    'npz': write_npz,
    'obj': write_obj,
    'ply': write_ply,
    'glb': write_glb,
}
"""By name; they take a result and the path to write without its extension, and return the file."""

__all__ = ['WRITERS', 'read_json', 'read_npz', 'write_coco', *(f'write_{n}' for n in WRITERS)]
