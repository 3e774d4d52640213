"""SMPL's 24 joints in terms of the bones of Anny's rig."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PARENTS = np.array(
    [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
)
"""Parent of each SMPL joint."""

HEADS = (
    *('root', 'upperleg01.L', 'upperleg01.R', 'spine04', 'lowerleg01.L', 'lowerleg01.R'),
    *('spine03', 'foot.L', 'foot.R', 'spine02', 'toe2-1.L', 'toe2-1.R', 'neck01'),
    *('clavicle.L', 'clavicle.R', 'head', 'upperarm01.L', 'upperarm01.R'),
    *('lowerarm01.L', 'lowerarm01.R', 'wrist.L', 'wrist.R', 'finger3-1.L', 'finger3-1.R'),
)
"""Bone at whose head each SMPL joint lies."""

_CENTRAL = {'root': 0, 'spine05': 0, 'spine04': 3, 'spine03': 6, 'spine02': 9, 'spine01': 9}
_LEFT_PREFIXES = (
    ('pelvis', 0),
    ('upperleg', 1),
    ('lowerleg', 4),
    ('foot', 7),
    ('toe', 10),
    ('clavicle', 13),
    ('shoulder', 13),
    ('upperarm', 16),
    ('lowerarm', 18),
    ('wrist', 20),
    ('metacarpal', 20),
    ('finger1-1', 20),
    ('finger', 22),
)
"""Left joints by prefix of the bone; the right one is the next index."""


def joint_of_bone(bone: str) -> int:
    """SMPL joint that a bone of Anny moves with: fingers with the hand, face and eyes with the
    head."""
    if bone in _CENTRAL:
        return _CENTRAL[bone]
    if bone.startswith('neck'):
        return 12
    for prefix, left in _LEFT_PREFIXES:
        if bone.startswith(prefix):
            return left + (left > 0 and bone.endswith('.R'))
    return 15


def sum_weights(weights: np.ndarray, bones: Sequence[str]) -> np.ndarray:
    """Bone weights (V, B) summed into the 24 joints (V, 24)."""
    summed = np.zeros((len(weights), 24))
    for column, bone in zip(weights.T, bones):
        summed[:, joint_of_bone(bone)] += column
    return summed
