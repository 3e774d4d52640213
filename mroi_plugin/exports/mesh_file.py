"""The bodies of a photo as a scene: OBJ, PLY and GLB through trimesh.

Units are metres. OBJ and PLY keep the axes of the camera turned upright (x right, y up, z towards
the viewer), as GLB, whose axes these are; the camera is at the origin and looks along -z. GLB has a
named node per person and a camera with the photo's field of view.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from mroi_plugin.inference.results import ImageResult, PersonResult
from mroi_plugin.reliability.whole_files import whole_file
from mroi_plugin.visualization.colors import person_color

UPRIGHT = np.array([1.0, -1.0, -1.0])
"""From axes of the camera to those of glTF: half a turn about x."""


def person_mesh(person: PersonResult, faces: np.ndarray, number: int) -> trimesh.Trimesh:
    """A body where its full camera puts it, in axes of glTF, metres."""
    vertices = (person.vertices.astype(np.float64) + person.full_camera) * UPRIGHT
    color = [*(round(255 * x) for x in person_color(number)), 255]
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    mesh.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(
            baseColorFactor=color, metallicFactor=0.0, roughnessFactor=0.8
        )
    )
    return mesh


def build_scene(result: ImageResult) -> trimesh.Scene:
    """All persons of a result, ``person_0`` and so on, before the camera of the photo.

    Raises:
        ValueError: if the result has persons but no faces.
    """
    if result.persons and result.faces is None:
        raise ValueError(f'{result.name}: a mesh file needs faces, which this result lacks.')
    scene = trimesh.Scene()
    for i, person in enumerate(result.persons):
        mesh = person_mesh(person, result.faces, i)
        scene.add_geometry(mesh, node_name=f'person_{i}', geom_name=f'person_{i}')
    if result.persons:
        focal = result.persons[0].focal_length
        scene.camera = trimesh.scene.Camera(
            'photo', resolution=result.size, focal=(focal, focal), z_near=0.01, z_far=1000.0
        )
        scene.camera_transform = np.eye(4)
    return scene


def write_glb(result: ImageResult, stem: Path) -> Path:
    """Write ``STEM.glb``; returns it."""
    path = Path(f'{stem}.glb')
    data = build_scene(result).export(file_type='glb') if result.persons else _empty_glb()
    with whole_file(path) as part:
        part.write_bytes(data)
    return path


def _empty_glb() -> bytes:
    """A scene of nobody: trimesh refuses to write one."""
    text = b'{"asset":{"version":"2.0"},"scene":0,"scenes":[{}]}'
    text += b' ' * (-len(text) % 4)
    chunk = len(text).to_bytes(4, 'little') + b'JSON' + text
    return b'glTF' + (2).to_bytes(4, 'little') + (12 + len(chunk)).to_bytes(4, 'little') + chunk


def write_obj(result: ImageResult, stem: Path) -> Path:
    """Write ``STEM.obj`` with an object per person, ``o person_0`` and so on; returns it."""
    path, offset = Path(f'{stem}.obj'), 1
    lines = [f'# {len(result.persons)} persons of {Path(result.name).name}; metres, y up']
    for i, mesh in enumerate(build_scene(result).geometry.values()):
        lines.append(f'o person_{i}')
        lines += [f'v {x:.9g} {y:.9g} {z:.9g}' for x, y, z in mesh.vertices]
        lines += [f'f {a} {b} {c}' for a, b, c in mesh.faces + offset]
        offset += len(mesh.vertices)
    with whole_file(path) as part:
        part.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def write_ply(result: ImageResult, stem: Path) -> Path:
    """Write ``STEM.ply``, all persons as one mesh; returns it."""
    path = Path(f'{stem}.ply')
    meshes = list(build_scene(result).geometry.values())
    whole = trimesh.util.concatenate(meshes) if meshes else trimesh.Trimesh()
    plain = trimesh.Trimesh(whole.vertices, whole.faces, process=False)
    with whole_file(path) as part:
        part.write_bytes(plain.export(file_type='ply'))
    return path
