"""What glTF 2.0 says that a skinned, animated file shows, from the file's own data alone."""

from __future__ import annotations

import json

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

TYPES = {5121: np.uint8, 5123: np.uint16, 5126: np.float32}
WIDTHS = {'SCALAR': (), 'VEC3': (3,), 'VEC4': (4,), 'MAT4': (4, 4)}


class Gltf:
    """A binary file; its JSON is ``content``."""

    def __init__(self, path) -> None:
        data = path.read_bytes()
        magic, version, length = data[:4], *np.frombuffer(data[4:12], '<u4')
        assert (magic, version, length) == (b'glTF', 2, len(data))
        size = int(np.frombuffer(data[12:16], '<u4')[0])
        assert data[16:20] == b'JSON' and data[24 + size : 28 + size] == b'BIN\0'
        self.content = json.loads(data[20 : 20 + size])
        self.buffer = data[28 + size :]
        assert len(self.buffer) == self.content['buffers'][0]['byteLength']

    def array(self, number: int) -> np.ndarray:
        accessor = self.content['accessors'][number]
        view = self.content['bufferViews'][accessor['bufferView']]
        shape = (accessor['count'], *WIDTHS[accessor['type']])
        kind = np.dtype(TYPES[accessor['componentType']])
        count = int(np.prod(shape))
        assert view['byteLength'] == count * kind.itemsize and view['byteOffset'] % 4 == 0
        return np.frombuffer(self.buffer, kind, count, view['byteOffset']).reshape(shape)

    def node(self, name: str) -> dict:
        (found,) = (node for node in self.content['nodes'] if node.get('name') == name)
        return found

    def _animated(self, when: float) -> list[dict]:
        nodes = [dict(node) for node in self.content['nodes']]
        (animation,) = self.content['animations']
        for channel in animation['channels']:
            sampler = animation['samplers'][channel['sampler']]
            times, values = self.array(sampler['input']), self.array(sampler['output'])
            node, path = nodes[channel['target']['node']], channel['target']['path']
            clipped = np.clip(when, times[0], times[-1])
            if sampler['interpolation'] == 'STEP':
                node[path] = values[np.searchsorted(times, clipped, side='right') - 1]
            elif path == 'rotation' and len(times) > 1:
                node[path] = Slerp(times, Rotation.from_quat(values))(clipped).as_quat()
            elif path == 'rotation':
                node[path] = values[0]
            else:
                node[path] = [np.interp(clipped, times, axis) for axis in values.T]
        return nodes

    def _globals(self, nodes: list[dict]) -> np.ndarray:
        parents = {c: p for p, node in enumerate(nodes) for c in node.get('children', ())}

        def world(number: int) -> np.ndarray:
            node, local = nodes[number], np.eye(4)
            turn = Rotation.from_quat(node.get('rotation', (0, 0, 0, 1))).as_matrix()
            local[:3, :3] = turn * node.get('scale', (1, 1, 1))
            local[:3, 3] = node.get('translation', (0, 0, 0))
            return world(parents[number]) @ local if number in parents else local

        return np.array([world(number) for number in range(len(nodes))])

    def vertices(self, name: str, when: float) -> np.ndarray:
        """World vertices (V, 3) m of the skinned mesh of a node at a time in seconds."""
        places = self._globals(self._animated(when))
        skin = self.content['skins'][self.node(name)['skin']]
        inverse = self.array(skin['inverseBindMatrices']).transpose(0, 2, 1)
        moves = places[skin['joints']] @ inverse
        mesh = self.content['meshes'][self.node(name)['mesh']]
        kinds = mesh['primitives'][0]['attributes']
        position, joints, weights = (
            self.array(kinds[k]) for k in ('POSITION', 'JOINTS_0', 'WEIGHTS_0')
        )
        blended = np.einsum('vk,vkij->vij', weights, moves[joints])
        return np.einsum('vij,vj->vi', blended[:, :3, :3], position) + blended[:, :3, 3]
