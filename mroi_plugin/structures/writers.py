"""Writers of a result by the name of the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mroi_plugin.structures.json_file import write_json
from mroi_plugin.structures.mesh_file import write_glb, write_obj, write_ply
from mroi_plugin.structures.npz_file import write_npz
from mroi_plugin.structures.results import ImageResult

WRITERS: dict[str, Callable[[ImageResult, Path], Path]] = {
    'json': write_json,
    'npz': write_npz,
    'obj': write_obj,
    'ply': write_ply,
    'glb': write_glb,
}
"""They take a result and the path to write without its extension, and return the file."""
