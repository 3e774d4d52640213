"""The bodies of an image as a scene: OBJ, PLY and GLB through trimesh.

Units are meters. OBJ and PLY keep the axes of the camera turned upright (x right, y up, z towards
the viewer), as GLB, whose axes these are; the camera is at the origin and looks along -z. GLB has a
named node per person and a camera with the image's field of view.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from trimesh.exchange.obj import export_obj

from mroi_plugin.structures.results import (
    ImageResult,
    InstanceResult,
    require_finite,
    require_meshes,
)
from mroi_plugin.utils.atomic_files import atomic_file, write_text
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.utils.names import printable

UPRIGHT = np.array([1.0, -1.0, -1.0])
"""From axes of the camera to those of glTF: half a turn about x."""


def instance_mesh(instance: InstanceResult, faces: np.ndarray, number: int) -> trimesh.Trimesh:
    """A body where its full camera puts it, in axes of glTF, meters."""
    vertices = (instance.vertices.astype(np.float64) + instance.trans) * UPRIGHT
    color = [*(round(255 * x) for x in instance_color(number)), 255]
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    mesh.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(
            baseColorFactor=color, metallicFactor=0.0, roughnessFactor=0.8
        )
    )
    return mesh


def build_scene(result: ImageResult) -> trimesh.Scene:
    """All persons of a result, ``instance_0`` and so on, before the camera of the image.

    Raises:
        ValueError: if the persons have no meshes, or a number is not finite.
    """
    require_finite(result)
    require_meshes(result.name, result.instances, result.faces)
    scene = trimesh.Scene()
    for i, instance in enumerate(result.instances):
        mesh = instance_mesh(instance, result.faces, i)
        scene.add_geometry(mesh, node_name=f'instance_{i}', geom_name=f'instance_{i}')
    if result.instances:
        focal = result.instances[0].focal_length
        scene.camera = trimesh.scene.Camera(
            'image', resolution=result.size, focal=(focal, focal), z_near=0.01, z_far=1000.0
        )
        scene.camera_transform = np.eye(4)
    return scene


def write_glb(result: ImageResult, stem: Path) -> Path | None:
    """Write ``STEM.glb``; returns it, None of nobody."""
    if not result.instances:
        return None
    path = Path(f'{stem}.glb')
    with atomic_file(path) as part:
        part.write_bytes(build_scene(result).export(file_type='glb'))
    return path


def write_obj(result: ImageResult, stem: Path) -> Path | None:
    """Write ``STEM.obj`` with an object per person, ``o instance_0`` and so on; returns it, None of
    nobody."""
    if not result.instances:
        return None
    text = export_obj(
        build_scene(result),
        include_normals=False,
        include_color=False,
        include_texture=False,
        header=f'{len(result.instances)} people in {printable(Path(result.name).name)}; '
        'meters, y up',
    )
    return write_text(Path(f'{stem}.obj'), text)


def write_ply(result: ImageResult, stem: Path) -> Path | None:
    """Write ``STEM.ply``, all persons as one mesh; returns it, None of nobody."""
    if not result.instances:
        return None
    path = Path(f'{stem}.ply')
    whole = trimesh.util.concatenate(list(build_scene(result).geometry.values()))
    plain = trimesh.Trimesh(whole.vertices, whole.faces, process=False)
    with atomic_file(path) as part:
        part.write_bytes(plain.export(file_type='ply'))
    return path
