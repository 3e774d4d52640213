"""A track of a clip as the motion of a skeleton, for files of animation.

Axes are glTF's: x right, y up, z toward the viewer; the camera is at the origin. A track has one
body, of its mean shape, whose pelvis is where that of every frame's body is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mroi_plugin.structures.clip import Clip
from mroi_plugin.structures.mesh_file import UPRIGHT
from mroi_plugin.structures.rig import Rig


@dataclass(frozen=True)
class Motion:
    """One person who is present in n of the T frames of a clip.

    Attributes:
        track: number of the person.
        seen: (n,) places of the frames in the clip.
        vertices: (V, 3) m, rest pose of the mean shape.
        joints: (24, 3) m, likewise.
        pelvis: (n, 3) m, place of the root.
        rotations: (n, 24, 3, 3) of every joint against its parent, the root's against the axes.
    """

    track: int
    seen: np.ndarray
    vertices: np.ndarray
    joints: np.ndarray
    pelvis: np.ndarray
    rotations: np.ndarray


def track_motions(clip: Clip, rig: Rig) -> Iterator[Motion]:
    """The motion of every person who was followed."""
    for p in np.flatnonzero(clip.tracks >= 0):
        seen = np.flatnonzero(clip.present[:, p])
        betas, pose, trans = (
            clip.columns[name][seen, p].astype(np.float64) for name in ('betas', 'pose', 'trans')
        )
        rotations = pose.copy()
        rotations[:, 0] = UPRIGHT[:, None] * pose[:, 0]
        vertices, joints = rig.rest(betas.mean(0))
        pelvis = (rig.pelvis(betas) + trans) * UPRIGHT
        yield Motion(int(clip.tracks[p]), seen, vertices, joints, pelvis, rotations)


def joint_offsets(joints: np.ndarray, rig: Rig) -> np.ndarray:
    """Places (24, 3) m of joints (24, 3) against their parents; the root's is its own."""
    offsets = joints.copy()
    offsets[1:] -= joints[list(rig.parents[1:])]
    return offsets
