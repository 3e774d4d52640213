"""Left and right of the body as exact mirror images of each other.

The mirror takes x to -x, a vertex to its twin and a joint to the one of the other side. An array
is made symmetric by averaging it with its mirror image; since addition commutes, twins then hold
the same numbers up to the sign, and rounding keeps them so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthetic_humans.free_body.source import Population

SIGNS = np.array([-1.0, 1.0, 1.0])
JOINTS = np.array(
    [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22]
)
"""SMPL's 24 joints with left and right exchanged."""
ROWS = {
    'J_regressor': JOINTS,
    'J_regressor_h36m': np.array([0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]),
    'J_regressor_extra': np.array([1, 0, 2, 3, 4, 5, 6, 7, 8]),
}
"""Rows of the joint regressors with left and right exchanged."""
FEATURES = (9 * (JOINTS[1:, None] - 1) + np.arange(9)).ravel()
"""SMPL's 207 pose features, the elements of ``R - I`` joint by joint, with left and right
exchanged."""
FEATURE_SIGNS = np.tile(np.outer(SIGNS, SIGNS).ravel(), 23)
"""Sign of every pose feature in the mirror, where ``R`` is ``S R S`` with ``S = diag(SIGNS)``."""
TOLERANCE_M = 1e-3


def mirror_order(vertices: np.ndarray) -> np.ndarray:
    """Twin (V) of every vertex: the one at its mirror image; a vertex in the middle is its own.

    Args:
        vertices: (V, 3) meters.

    Raises:
        RuntimeError: if twins are not mutual, or farther than a millimeter from the mirror image.
    """
    from scipy.spatial import cKDTree

    distance, order = cKDTree(vertices).query(vertices * SIGNS)
    mutual = order[order] == np.arange(len(order))
    if distance.max() > TOLERANCE_M or not mutual.all():
        raise RuntimeError(
            f'the mesh has no mirror: {(~mutual).sum()} of {len(order)} vertices without a twin, '
            f'the farthest {1000 * distance.max():.2f} mm off; expected none and 1 mm: use the '
            'versions of setup.py'
        )
    return order


def symmetric_points(points: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Points (..., V, 3) averaged with their mirror images."""
    return (points + points[..., order, :] * SIGNS) / 2


def symmetric_rows(matrix: np.ndarray, rows: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Matrix (J, V), a row for every joint, averaged with the one of the mirrored joints."""
    return (matrix + matrix[rows][:, order]) / 2


def symmetric_pose_directions(directions: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Pose directions (V, 3, 207) averaged with those of the mirrored pose."""
    mirrored = directions[order][..., FEATURES] * SIGNS[:, None] * FEATURE_SIGNS
    return (directions + mirrored) / 2


def symmetric_people(people: Population, order: np.ndarray) -> Population:
    """Sampled persons whose left and right sides and bones are averaged."""
    bones = np.array([people.bones.index(other_side(bone)) for bone in people.bones])
    return replace(
        people,
        vertices=symmetric_points(people.vertices, order),
        heads=symmetric_points(people.heads, bones),
        weights=symmetric_rows(people.weights.T, bones, order).T,
    )


def other_side(bone: str) -> str:
    """Name of the bone of the other side; a central bone's own."""
    return {'.L': bone[:-2] + '.R', '.R': bone[:-2] + '.L'}.get(bone[-2:], bone)
