"""Bringing a person from Anny's rest pose to SMPL's T-pose with its own bones."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.free_body.skeleton import HEADS
from synthetic_humans.free_body.source import Population

SHOULDER_SHARE = 0.2
"""Part of the arm's rise that the shoulder blade takes."""
STANCE_M = 0.04
"""How far an ankle lies outside its hip, meters."""


def rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shortest rotation (3, 3) that takes direction a (3) to direction b (3)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis, cosine = np.cross(a, b), a @ b
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1 + cosine)


class _Rig:
    """Bones of one person that can be turned about their heads."""

    def __init__(self, people: Population, person: int) -> None:
        self.heads = people.heads[person]
        self.index = {name: i for i, name in enumerate(people.bones)}
        self.parents = people.parents
        self.transforms = np.tile(np.eye(4), (len(people.bones), 1, 1))

    def head(self, bone: str) -> np.ndarray:
        """Present position (3) of a bone's head, which its parent carries."""
        i = self.index[bone]
        carrier = self.transforms[self.parents[i]] if self.parents[i] >= 0 else np.eye(4)
        return (carrier @ np.append(self.heads[i], 1))[:3]

    def turn(self, bone: str, rotation: np.ndarray) -> None:
        """Turn a bone and all below it about its head."""
        center = self.head(bone)
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = rotation, center - rotation @ center
        below = {self.index[bone]}
        for i, parent in enumerate(self.parents):  # parents come before their children
            if parent in below:
                below.add(i)
        for i in below:
            self.transforms[i] = step @ self.transforms[i]


def _raise_arm(rig: _Rig, side: str, outward: np.ndarray) -> None:
    upper, lower, wrist, finger = (
        f'{bone}.{side}' for bone in ('upperarm01', 'lowerarm01', 'wrist', 'finger3-1')
    )
    full = Rotation.from_matrix(rotation_between(rig.head(lower) - rig.head(upper), outward))
    share = Rotation.from_rotvec(SHOULDER_SHARE * full.as_rotvec())
    rig.turn(f'shoulder01.{side}', share.as_matrix())
    for bone, end in ((upper, lower), (lower, wrist), (wrist, finger)):
        rig.turn(bone, rotation_between(rig.head(end) - rig.head(bone), outward))


def _straighten_leg(rig: _Rig, side: str, sign: float) -> None:
    hip, foot = f'upperleg01.{side}', f'foot.{side}'
    leg = rig.head(foot) - rig.head(hip)
    wanted = np.array([sign * STANCE_M, leg[1], 0.0])
    rig.turn(hip, rotation_between(leg, wanted))
    rig.turn(foot, rotation_between(wanted, leg))  # the sole stays level


def to_tpose(people: Population) -> tuple[np.ndarray, np.ndarray]:
    """T-posed persons with the pelvis at the origin.

    Returns:
        Vertices (n, V, 3) and SMPL's joints (n, 24, 3), meters.
    """
    vertices, joints = [], []
    for person in range(len(people.vertices)):
        rig = _Rig(people, person)
        for side, sign in (('L', 1.0), ('R', -1.0)):
            _raise_arm(rig, side, np.array([sign, 0.0, 0.0]))
            _straighten_leg(rig, side, sign)
        blended = np.einsum('vb,bij->vij', people.weights, rig.transforms)
        moved = np.einsum('vij,vj->vi', blended[:, :3, :3], people.vertices[person])
        placed = np.array([rig.head(bone) for bone in HEADS])
        vertices.append(moved + blended[:, :3, 3] - placed[0])
        joints.append(placed - placed[0])
    return np.array(vertices), np.array(joints)
