"""SPIN's 6D rotations: row-major (3, 2), the two columns are orthonormalized by Gram-Schmidt."""

from __future__ import annotations

import numpy as np


def rot6d_to_matrix(six):
    """(6,) -> (3, 3): columns b1 = a1/|a1|, b2 = (a2 - (b1.a2) b1)/|...|, b3 = b1 x b2."""
    x = np.asarray(six, dtype=np.float64).reshape(3, 2)
    a1, a2 = x[:, 0], x[:, 1]
    b1 = a1 / np.sqrt(a1 @ a1)
    rest = a2 - (b1 @ a2) * b1
    b2 = rest / np.sqrt(rest @ rest)
    return np.stack([b1, b2, np.cross(b1, b2)], axis=1)


def axis_angle_to_matrix(vector):
    """Rodrigues' formula: (3,) -> (3, 3)."""
    vector = np.asarray(vector, dtype=np.float64)
    angle = np.sqrt(vector @ vector)
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K
