"""A coarse collision test between limbs: distances between the bones, without the mesh."""

from __future__ import annotations

import numpy as np

_BONES = {
    'torso': (0, 9),
    'chest': (9, 12),
    'head': (12, 15),
    'thigh_l': (1, 4),
    'thigh_r': (2, 5),
    'shank_l': (4, 10),
    'shank_r': (5, 11),
    'forearm_l': (18, 22),
    'forearm_r': (19, 23),
}

_CLEARANCE_M = (
    ('forearm_l', 'torso', 0.20),
    ('forearm_r', 'torso', 0.20),
    ('forearm_l', 'chest', 0.17),
    ('forearm_r', 'chest', 0.17),
    ('forearm_l', 'head', 0.17),
    ('forearm_r', 'head', 0.17),
    ('forearm_l', 'thigh_l', 0.13),
    ('forearm_r', 'thigh_r', 0.13),
    ('forearm_l', 'thigh_r', 0.13),
    ('forearm_r', 'thigh_l', 0.13),
    ('forearm_l', 'forearm_r', 0.10),
    ('shank_l', 'shank_r', 0.11),
    ('thigh_l', 'shank_r', 0.12),
    ('thigh_r', 'shank_l', 0.12),
)
"""Pairs of bones and the least distance between their axes, meters."""

_ALONG = np.linspace(0.0, 1.0, 9)[:, None]


def limbs_collide(joints: np.ndarray) -> bool:
    """Tell whether two limbs come closer than their thickness allows.

    Args:
        joints: (24, 3), SMPL's joints, meters.
    """
    points = {name: joints[a] + _ALONG * (joints[b] - joints[a]) for name, (a, b) in _BONES.items()}
    for first, second, least in _CLEARANCE_M:
        gaps = points[first][:, None] - points[second][None]
        if (gaps**2).sum(2).min() < least**2:
            return True
    return False
