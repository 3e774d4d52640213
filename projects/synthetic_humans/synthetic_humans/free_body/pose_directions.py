"""Pose directions: what linear skinning lacks against dual quaternions, as SMPL's linear
correction.

One joint turned by R about its center c moves a vertex of subtree weight w linearly to
``(w R + (1 - w) I)(v - c) + c``, which loses volume; dual quaternions (Kavan et al., 2007) give a
rotation about c by the blended quaternion, which does not. The difference, taken back into the
T-pose, is fitted by a linear function of SMPL's pose feature ``R - I`` of that joint.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.free_body.skeleton import PARENTS
from synthetic_humans.free_body.symmetry import symmetric_pose_directions

SAMPLES = 120
MAX_DEGREES = 110.0
RIDGE = 0.05
SMALLEST_M = 0.0004
"""Directions that move a vertex less than this per unit of the feature are dropped."""
AMOUNT = 0.8
"""Share of the difference that is corrected; all of it bulges at sharp bends."""


def subtree_weights(weights: np.ndarray, joint: int) -> np.ndarray:
    """Sum (V) of the weights (V, 24) of a joint and everything below it."""
    below = {joint}
    for child, parent in enumerate(PARENTS):
        if parent in below:
            below.add(child)
    return weights[:, sorted(below)].sum(1)


def correction(offsets: np.ndarray, weight: np.ndarray, turn: Rotation) -> np.ndarray:
    """T-pose displacement (v, 3) that makes linear skinning follow the dual quaternions.

    Args:
        offsets: (v, 3) vertices relative to the joint, meters.
        weight: (v) weight that follows the joint.
        turn: rotation of the joint.
    """
    quaternion = turn.as_quat()
    quaternion = quaternion if quaternion[3] >= 0 else -quaternion
    blended = weight[:, None] * quaternion + (1 - weight[:, None]) * [0, 0, 0, 1]
    wanted = Rotation.from_quat(blended).apply(offsets)
    linear = weight[:, None, None] * turn.as_matrix() + (1 - weight[:, None, None]) * np.eye(3)
    return np.linalg.solve(linear, wanted[..., None])[..., 0] - offsets


def fit_joint_directions(
    offsets: np.ndarray, weight: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Directions (v, 3, 9) of one joint, by ridge regression over random turns."""
    axes = rng.standard_normal((SAMPLES, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = np.deg2rad(rng.uniform(10, MAX_DEGREES, (SAMPLES, 1)))
    turns = Rotation.from_rotvec(axes * angles)
    features = (turns.as_matrix() - np.eye(3)).reshape(SAMPLES, 9)
    targets = np.array([correction(offsets, weight, turn) for turn in turns])
    gram = features.T @ features + RIDGE * SAMPLES * np.eye(9) / 9
    solution = np.linalg.solve(gram, features.T @ targets.reshape(SAMPLES, -1))
    return AMOUNT * solution.T.reshape(*offsets.shape, 9)


def fit_pose_directions(
    template: np.ndarray, joints: np.ndarray, weights: np.ndarray, twins: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Sparse, symmetric pose directions of all joints but the root.

    Args:
        template: (V, 3) T-posed body, meters.
        joints: (24, 3) its joints.
        weights: (V, 24).
        twins: (V) mirror image of every vertex.
        seed: of the random turns.

    Returns:
        ``posedirs_vertex`` (P), ``posedirs_column`` (P) in 0..206 and ``posedirs_value`` (P, 3)
        meters.
    """
    rng = np.random.default_rng(seed)
    directions = np.zeros((*template.shape, 9 * 23))
    for joint in range(1, 24):
        weight = subtree_weights(weights, joint)
        mixed = np.flatnonzero((weight > 0.02) & (weight < 0.98))
        fitted = fit_joint_directions(template[mixed] - joints[joint], weight[mixed], rng)
        directions[mixed, :, 9 * (joint - 1) : 9 * joint] = fitted
    directions = symmetric_pose_directions(directions, twins)
    vertices, columns = np.nonzero(np.linalg.norm(directions, axis=1) > SMALLEST_M)
    return {
        'posedirs_vertex': vertices.astype(np.uint16),
        'posedirs_column': columns.astype(np.uint8),
        'posedirs_value': directions[vertices, :, columns].astype(np.float16),
    }
