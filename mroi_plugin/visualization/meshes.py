"""Predicted and true bodies of some persons side by side, as one GLB scene."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import trimesh

from mroi_plugin.structures.mesh_file import UPRIGHT
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.visualization.contact_sheet import InstancePanel
from mroi_plugin.visualization.overlay import PREDICTED_COLOR, TRUE_COLOR

SHOWN = 4
STEP_M = 1.2
"""Between two persons."""


def write_meshes(panels: Sequence[InstancePanel], path: Path, pelvis: np.ndarray) -> Path:
    """Write the first persons, each predicted body with the true one over it, pelvis on pelvis.

    Bodies are in axes of glTF, meters, a step apart along x; nodes are ``predicted_0``, ``true_0``
    and so on.

    Args:
        panels: with predictions, and the truth where it is known.
        path: ``.glb`` file.
        pelvis: (V,) weights of the vertices that make the pelvis.
    """
    scene = trimesh.Scene()
    for i, panel in enumerate(panels[:SHOWN]):
        bodies = {
            'predicted': (panel.pred_vertices, PREDICTED_COLOR),
            'true': (panel.true_vertices, TRUE_COLOR),
        }
        for name, (vertices, color) in bodies.items():
            if vertices is not None:
                mesh = _mesh(vertices - pelvis @ vertices, panel.faces, color, i * STEP_M)
                scene.add_geometry(mesh, node_name=f'{name}_{i}', geom_name=f'{name}_{i}')
    with atomic_file(path) as part:
        part.write_bytes(scene.export(file_type='glb'))
    return path


def _mesh(
    vertices: np.ndarray, faces: np.ndarray, color: Sequence[float], x: float
) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(
        np.asarray(vertices, np.float64) * UPRIGHT + [x, 0, 0], faces, process=False
    )
    rgba = [*(round(255 * c) for c in color), 255]
    material = trimesh.visual.material.PBRMaterial(
        baseColorFactor=rgba, metallicFactor=0.0, roughnessFactor=0.8
    )
    mesh.visual = trimesh.visual.TextureVisuals(material=material)
    return mesh
