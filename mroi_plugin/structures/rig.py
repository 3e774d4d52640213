"""The skeleton and skin of SMPL as files of animation know them: no pose blend shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

JOINT_NAMES = keypoint_names('smpl')


@dataclass(frozen=True)
class Rig:
    """A body in SMPL's format: V vertices, 24 joints, axes x left, y up, z to the front, meters.

    Attributes:
        template: (V, 3) m, of the mean shape.
        shapes: (V, 3, 10) m per standard deviation.
        regressor: (24, V), from vertices to joints.
        weights: (V, 24) of the skin, rows sum to 1.
        parents: number of every joint's parent, -1 for the root.
        faces: (F, 3).
    """

    template: np.ndarray
    shapes: np.ndarray
    regressor: np.ndarray
    weights: np.ndarray
    parents: tuple[int, ...]
    faces: np.ndarray

    def rest(self, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) and joints (24, 3) m in the rest pose of a shape (10)."""
        vertices = self.template + self.shapes @ betas
        return vertices, self.regressor @ vertices

    def pelvis(self, betas: np.ndarray) -> np.ndarray:
        """The joint (n, 3) m that bodies of shapes (n, 10) turn about."""
        root = self.regressor[0]
        return root @ self.template + betas @ np.einsum('v,vcs->sc', root, self.shapes)


def rig_of(body: Any) -> Rig:
    """The rig of a built `SMPLBody`."""
    arrays = (body.v_template, body.shapedirs, body.J_regressor, body.lbs_weights)
    template, shapes, regressor, weights = (x.detach().cpu().double().numpy() for x in arrays)
    return Rig(
        template,
        shapes[..., :10],
        regressor,
        weights,
        tuple(int(body.parents[joint]) for joint in range(len(JOINT_NAMES))),
        np.asarray(body.faces, np.int64),
    )


def strongest_weights(
    weights: np.ndarray, count: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The joints that move a vertex most.

    Args:
        weights: (V, J), rows sum to 1.
        count: of joints per vertex.

    Returns:
        Joints (V, count), their weights (V, count), which sum to 1 again, and the share (V) that
        the others had.
    """
    joints = np.argsort(-weights, axis=1, kind='stable')[:, :count]
    kept = np.take_along_axis(weights, joints, axis=1)
    total = kept.sum(1, keepdims=True)
    joints = np.where(kept > 0, joints, 0)  # as glTF wants joints that do nothing
    return joints, kept / total, (1 - total[:, 0]).clip(0)
