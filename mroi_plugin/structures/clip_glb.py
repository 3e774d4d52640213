"""A clip as an animation: a glTF 2.0 file with a skinned body per track.

Every track has a skin of SMPL's 24 joints, whose rotations, and the place of whose root, are
animated; units are meters, axes glTF's, the camera is at the origin. Where a person is not there,
the root has scale 0, from half a frame before. A skin has no pose blend shapes, and 4 joints per
vertex: the share of the weights that others had is in the ``extras`` of the mesh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from mroi_plugin.structures.clip import Clip
from mroi_plugin.structures.gltf_buffer import INDICES, VERTICES, GltfBuffer
from mroi_plugin.structures.motion import Motion, joint_offsets, track_motions
from mroi_plugin.structures.rig import JOINT_NAMES, Rig, strongest_weights
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.version import __version__

Entry = dict[str, Any]
CAMERA_RANGE_M = {'znear': 0.01, 'zfar': 1000.0}


def write_clip_glb(clip: Clip, rig: Rig, stem: Path) -> Path | None:
    """Write ``STEM.glb``; returns it, None where nobody was followed."""
    writer = _Writer(clip, rig)
    for motion in track_motions(clip, rig):
        writer.add(motion)
    if not writer.skins:
        return None
    path = Path(f'{stem}.glb')
    with atomic_file(path) as part:
        part.write_bytes(writer.file())
    return path


class _Writer:
    """The lists of a glTF file as they grow, track by track."""

    def __init__(self, clip: Clip, rig: Rig) -> None:
        self.clip, self.rig, self.buffer = clip, rig, GltfBuffer()
        self.times = (clip.times - clip.times[0]).astype(np.float32)
        self.nodes: list[Entry] = [{'name': 'camera', 'camera': 0}]
        self.roots, self.skins, self.meshes, self.materials = [0], [], [], []
        self.channels: list[Entry] = []
        self.samplers: list[Entry] = []
        joints, weights, lost = strongest_weights(rig.weights)
        self.lost = {'lost_skin_weight_mean': lost.mean(), 'lost_skin_weight_max': lost.max()}
        self.shared = {
            'JOINTS_0': self.buffer.add(joints.astype(np.uint8), VERTICES),
            'WEIGHTS_0': self.buffer.add(weights.astype(np.float32), VERTICES),
        }
        corners = rig.faces.astype(np.uint16).reshape(-1)
        self.indices = self.buffer.add(corners, INDICES)

    def add(self, motion: Motion) -> None:
        name, number = f'track_{motion.track}', len(self.skins)
        group, first = len(self.nodes), len(self.nodes) + 1
        self.nodes.append({'name': name, 'children': [first]})  # Blender's armature of the track
        joints = [*range(first, first + len(JOINT_NAMES))]
        self._add_joints(motion, first)
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        inverse[:, 3, :3] = -motion.joints  # column by column
        bind = self.buffer.add(inverse)
        self.skins.append(
            {'name': name, 'joints': joints, 'skeleton': first, 'inverseBindMatrices': bind}
        )
        self._add_mesh(motion, name)
        self.roots += [group, len(self.nodes)]
        self.nodes.append({'name': f'{name}_body', 'mesh': number, 'skin': number})

    def _add_joints(self, motion: Motion, first: int) -> None:
        """Nodes of the joints, as they are in the first frame, and their animation."""
        offsets = joint_offsets(motion.joints, self.rig)
        offsets[0] = motion.pelvis[0]
        turns = _quaternions(motion.rotations)
        children: dict[int, list[int]] = {}
        for joint, parent in enumerate(self.rig.parents):
            children.setdefault(parent, []).append(first + joint)
        for joint, name in enumerate(JOINT_NAMES):
            node = {'name': name, 'translation': offsets[joint].tolist()}
            node['rotation'] = turns[0, joint].tolist()
            if joint in children:
                node['children'] = children[joint]
            self.nodes.append(node)
        times = self._add_times(self.times[motion.seen])
        for joint in range(len(JOINT_NAMES)):
            self._animate(first + joint, 'rotation', times, turns[:, joint])
        self._animate(first, 'translation', times, motion.pelvis)
        shown = np.isin(np.arange(len(self.times)), motion.seen)
        if not shown.all():
            changes = np.flatnonzero(np.diff(shown, prepend=~shown[:1]))
            scales = np.repeat(shown[changes, None], 3, axis=1)
            between = (self.times[changes] + self.times[np.maximum(changes - 1, 0)]) / 2
            self._animate(first, 'scale', self._add_times(between), scales, 'STEP')

    def _add_times(self, times: np.ndarray) -> int:
        return self.buffer.add(times, bounds=True)

    def _animate(
        self, node: int, path: str, times: int, values: np.ndarray, interpolation: str = 'LINEAR'
    ) -> None:
        output = self.buffer.add(np.ascontiguousarray(values, np.float32))
        target = {'node': node, 'path': path}
        self.channels.append({'sampler': len(self.samplers), 'target': target})
        self.samplers.append({'input': times, 'output': output, 'interpolation': interpolation})

    def _add_mesh(self, motion: Motion, name: str) -> None:
        surface = trimesh.Trimesh(motion.vertices, self.rig.faces, process=False)
        places, normals = (x.astype(np.float32) for x in (motion.vertices, surface.vertex_normals))
        attributes = {
            'POSITION': self.buffer.add(places, VERTICES, bounds=True),
            'NORMAL': self.buffer.add(normals, VERTICES),
            **self.shared,
        }
        color = [*map(float, instance_color(motion.track)), 1.0]
        look = {'baseColorFactor': color, 'metallicFactor': 0.0, 'roughnessFactor': 0.8}
        part = {'attributes': attributes, 'indices': self.indices, 'material': len(self.materials)}
        self.materials.append({'name': name, 'pbrMetallicRoughness': look})
        self.meshes.append({'name': name, 'primitives': [part], 'extras': self.lost})

    def file(self) -> bytes:
        width, height = self.clip.size
        focal = np.median(self.clip.columns['focal_length'][self.clip.present])
        view = {'yfov': float(2 * np.arctan(height / 2 / focal)), 'aspectRatio': width / height}
        return self.buffer.file(
            {
                'asset': {'version': '2.0', 'generator': f'mroi_plugin {__version__}'},
                'scene': 0,
                'scenes': [{'nodes': self.roots}],
                'nodes': self.nodes,
                'cameras': [{'type': 'perspective', 'perspective': {**view, **CAMERA_RANGE_M}}],
                'materials': self.materials,
                'meshes': self.meshes,
                'skins': self.skins,
                'animations': [
                    {'name': 'clip', 'channels': self.channels, 'samplers': self.samplers}
                ],
            }
        )


def _quaternions(rotations: np.ndarray) -> np.ndarray:
    """(n, 24, 4) x, y, z, w of (n, 24, 3, 3); of both signs the one nearer to the frame before."""
    turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat().reshape(-1, 24, 4)
    flips = np.where((turns[1:] * turns[:-1]).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    turns[1:] *= np.cumprod(flips, axis=0)
    return turns
