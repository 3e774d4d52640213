"""A collision test between limbs: how deep the skin of one lies below the skin of another."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from mroi_plugin.visualization.jit import kernel
from mroi_plugin.visualization.shading import vertex_normals
from synthetic_humans.body import SyntheticBody, skin

MAX_PENETRATION_M = 0.02
"""Skin may be pressed in that far where limbs touch."""

_TORSO, _HEAD = (0, 3, 6, 9, 12, 13, 14), (15,)
_PARTS = {
    'torso': _TORSO,
    'head': _HEAD,
    'forearm_l': (18, 20, 22),
    'forearm_r': (19, 21, 23),
    'upper_arm_l': (16,),
    'upper_arm_r': (17,),
    'thigh_l': (1,),
    'thigh_r': (2,),
    'shank_l': (4, 7, 10),
    'shank_r': (5, 8, 11),
}
_PAIRS = (
    ('forearm_l', ('torso', 'head', 'thigh_l', 'thigh_r', 'shank_l', 'shank_r', 'upper_arm_r')),
    ('forearm_r', ('torso', 'head', 'thigh_l', 'thigh_r', 'shank_l', 'shank_r', 'upper_arm_l')),
    ('forearm_l', ('forearm_r',)),
    ('upper_arm_l', ('head',)),
    ('upper_arm_r', ('head',)),
    ('shank_l', ('torso', 'thigh_r', 'shank_r')),
    ('shank_r', ('torso', 'thigh_l', 'shank_l')),
)
"""A limb and what it must not enter."""

_STRIDE = 3
_REACH_M = 0.12


@kernel
def _depth(points: np.ndarray, surface: np.ndarray, normals: np.ndarray, reach: float) -> float:
    """Return how far points (P, 3) lie below a surface (S, 3) with outward normals, at most."""
    deepest = 0.0
    for p in range(len(points)):
        nearest, best = reach * reach, -1
        for s in range(len(surface)):
            dx = points[p, 0] - surface[s, 0]
            dy = points[p, 1] - surface[s, 1]
            dz = points[p, 2] - surface[s, 2]
            gap = dx * dx + dy * dy + dz * dz
            if gap < nearest:
                nearest, best = gap, s
        if best >= 0:
            below = 0.0
            for i in range(3):
                below -= (points[p, i] - surface[best, i]) * normals[best, i]
            deepest = max(deepest, below)
    return deepest


class Clearance:
    """Tells whether limbs of a posed body run into each other.

    Args:
        body: the body; every third of its vertices is looked at.
    """

    def __init__(self, body: SyntheticBody) -> None:
        self._body = body
        chosen = np.arange(0, len(body.template), _STRIDE)
        part = body.weights.argmax(1)[chosen]
        self._template, self._shapes = body.template[chosen], body.shapes[chosen]
        self._normals = vertex_normals(body.template, body.faces)[chosen]
        self._weights = np.ascontiguousarray(body.weights[chosen])
        members = {name: np.flatnonzero(np.isin(part, ids)) for name, ids in _PARTS.items()}
        self._pairs = [
            (members[limb], np.concatenate([members[name] for name in others]))
            for limb, others in _PAIRS
        ]

    def penetration(self, body_pose: np.ndarray, betas: np.ndarray) -> float:
        """Return the deepest penetration of one limb into another, meters.

        Args:
            body_pose: (23, 3), axis-angle.
            betas: (10,).
        """
        rotations = Rotation.from_rotvec(np.vstack([np.zeros(3), body_pose])).as_matrix()
        transforms, _ = self._body.transforms(rotations, self._body.rest_joints_of(betas))
        rest = self._template + np.einsum('vcs,s->vc', self._shapes, betas)
        vertices = skin(rest, self._weights, transforms)
        turned = transforms.copy()
        turned[..., 3] = 0
        normals = skin(self._normals, self._weights, turned)
        return max(
            _depth(vertices[limb], vertices[others], normals[others], _REACH_M)
            for limb, others in self._pairs
        )

    def collides(self, body_pose: np.ndarray, betas: np.ndarray) -> bool:
        """Tell whether limbs enter each other by more than `MAX_PENETRATION_M`."""
        return self.penetration(body_pose, betas) > MAX_PENETRATION_M
