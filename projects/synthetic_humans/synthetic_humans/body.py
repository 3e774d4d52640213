"""Linear blend skinning in numpy: the posed body and its 54 joints, without torch.

The same bytes come out whatever the number of threads or processes: sums run in a fixed order
(compiled loops and unoptimized `einsum`, no BLAS).

Frame: the body's own, x to its left, y up, z forward, meters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from mroi_plugin.visualization.jit import kernel

SELECTED_VERTICES = (
    *('nose', 'reye', 'leye', 'rear', 'lear'),
    *('LBigToe', 'LSmallToe', 'LHeel', 'RBigToe', 'RSmallToe', 'RHeel'),
    *('lthumb', 'lindex', 'lmiddle', 'lring', 'lpinky'),
    *('rthumb', 'rindex', 'rmiddle', 'rring', 'rpinky'),
)
"""The 21 joints of 'smpl_54' that are vertices, in the order of smplx's `VertexJointSelector`."""


@dataclass(frozen=True)
class PosedBody:
    """A posed body.

    Attributes:
        vertices: (V, 3) m.
        joints: (54, 3) m, convention 'smpl_54'.
        transforms: (24, 3, 4), from the unposed body of this shape to the posed one, by joint.
    """

    vertices: np.ndarray
    joints: np.ndarray
    transforms: np.ndarray


@kernel
def skin(rest: np.ndarray, weights: np.ndarray, transforms: np.ndarray) -> np.ndarray:
    """Move rest vertices (V, 3) by blended transforms; weights (V, 24), transforms (24, 3, 4)."""
    out = np.zeros(rest.shape)
    for v in range(len(rest)):
        for j in range(weights.shape[1]):
            w = weights[v, j]
            if w == 0.0:
                continue
            for i in range(3):
                t = transforms[j, i]
                moved = t[0] * rest[v, 0] + t[1] * rest[v, 1] + t[2] * rest[v, 2] + t[3]
                out[v, i] += w * moved
    return out


@kernel
def _correct(
    rest: np.ndarray, entries: np.ndarray, values: np.ndarray, features: np.ndarray
) -> None:
    """Add pose directions to `rest` (V, 3) in place; entries (K, 2) vertex and feature."""
    for k in range(len(entries)):
        for i in range(3):
            rest[entries[k, 0], i] += values[k, i] * features[entries[k, 1]]


class SyntheticBody:
    """A SMPL-style body in numpy.

    Args:
        arrays: `load_free_body()` or `load_smpl_file()`: v_template (V, 3), f (F, 3),
            shapedirs (V, 3, 10), posedirs (V, 3, 207), J_regressor (24, V), weights (V, 24),
            kintree_table (2, 24), J_regressor_extra (9, V).
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        from smplx.vertex_ids import vertex_ids

        regressor = np.asarray(arrays['J_regressor'], np.float64)
        self.faces = np.asarray(arrays['f'], np.int64)
        self.template = np.asarray(arrays['v_template'], np.float64)
        self.weights = np.ascontiguousarray(arrays['weights'], np.float64)
        self.parents = np.asarray(arrays['kintree_table'][0], np.int64)
        self.landmarks = {name: vertex_ids['smplh'][name] for name in SELECTED_VERTICES}
        self.shapes = np.asarray(arrays['shapedirs'], np.float64)[..., :10]
        corrections = np.asarray(arrays['posedirs'], np.float64).transpose(0, 2, 1)
        vertex, feature = np.nonzero(np.abs(corrections).max(2))
        self._entries = np.stack([vertex, feature], axis=1)
        self._corrections = np.ascontiguousarray(corrections[vertex, feature])
        self._extra = np.asarray(arrays['J_regressor_extra'], np.float64)
        self.rest_joints = np.einsum('jv,vc->jc', regressor, self.template)
        self._joint_shapes = np.einsum('jv,vcs->jcs', regressor, self.shapes)

    def rest_joints_of(self, betas: np.ndarray) -> np.ndarray:
        """Return the joints (24, 3) of the unposed body of shape `betas` (10,), meters."""
        return self.rest_joints + np.einsum('jcs,s->jc', self._joint_shapes, betas)

    def rest_vertices_of(self, betas: np.ndarray) -> np.ndarray:
        """Return the vertices (V, 3) of the unposed body of shape `betas` (10,), meters."""
        return self.template + np.einsum('vcs,s->vc', self.shapes, betas)

    def chain(self, rotations: np.ndarray, rest_joints: np.ndarray) -> tuple:
        """Follow the skeleton.

        Args:
            rotations: (24, 3, 3) of every joint relative to its parent; 0 is the global one.
            rest_joints: (24, 3) m.

        Returns:
            World rotations (24, 3, 3) and joint positions (24, 3) m.
        """
        turned, placed = np.array(rotations, np.float64), np.array(rest_joints, np.float64)
        for joint in range(1, len(self.parents)):
            parent = self.parents[joint]
            bone = rest_joints[joint] - rest_joints[parent]
            placed[joint] = placed[parent] + (turned[parent] * bone).sum(1)
            turned[joint] = np.einsum('ij,jk->ik', turned[parent], rotations[joint])
        return turned, placed

    def transforms(self, rotations: np.ndarray, rest_joints: np.ndarray) -> tuple:
        """Return what moves the unposed body, by joint (24, 3, 4), and the joints (24, 3) m."""
        turned, placed = self.chain(rotations, rest_joints)
        shift = placed - np.einsum('jab,jb->ja', turned, rest_joints)
        return np.concatenate([turned, shift[..., None]], axis=2), placed

    def pose(
        self, global_orient: np.ndarray, body_pose: np.ndarray, betas: np.ndarray
    ) -> PosedBody:
        """Pose the body as smplx does, about its pelvis and without translation.

        Args:
            global_orient: (3,), axis-angle.
            body_pose: (23, 3), axis-angle.
            betas: (10,).
        """
        rotations = Rotation.from_rotvec(np.vstack([global_orient, body_pose])).as_matrix()
        transforms, placed = self.transforms(rotations, self.rest_joints_of(betas))
        rest = self.rest_vertices_of(betas)
        _correct(rest, self._entries, self._corrections, (rotations[1:] - np.eye(3)).ravel())
        vertices = skin(rest, self.weights, transforms)
        picked = vertices[list(self.landmarks.values())]
        extra = np.einsum('jv,vc->jc', self._extra, vertices)
        return PosedBody(vertices, np.concatenate([placed, picked, extra]), transforms)
