"""A documented distribution of everyday poses: joint angles in degrees, within joint limits.

Angles are anatomical and hold for both sides. Zero is the T-pose for the arms and the upright
stance for everything else:

- hip_flex, knee_flex: thigh forward, shank backward; hip_out: thigh sideways; ankle: toes up.
- arm_raise: -90 hangs, 0 points sideways, 90 points up; arm_swing: the raised or hanging arm turns
  forward about the left-right axis; arm_front: an arm that points sideways turns to the front;
  arm_twist: about its own axis; elbow: flexion; wrist: any axis; collar: the shoulder lifts.
- bend, lean, turn: the spine forward, sideways and about the vertical, shared by its three joints;
  nod, tilt, look: neck and head likewise.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import limbs_collide

LIMITS = {
    'hip_flex': (-25, 105),
    'hip_out': (-4, 40),
    'hip_twist': (-25, 25),
    'knee_flex': (0, 120),
    'ankle': (-25, 20),
    'arm_raise': (-78, 70),
    'arm_swing': (-35, 110),
    'arm_front': (-15, 90),
    'arm_twist': (-50, 50),
    'elbow': (2, 125),
    'wrist': (-30, 30),
    'collar': (-6, 18),
    'bend': (-15, 45),
    'lean': (-18, 18),
    'turn': (-30, 30),
    'nod': (-25, 35),
    'tilt': (-15, 15),
    'look': (-50, 50),
}

TRUNK = {
    'bend': (3, 6),
    'lean': (0, 4),
    'turn': (0, 8),
    'nod': (3, 9),
    'tilt': (0, 5),
    'look': (0, 18),
}

LEGS = {
    'stand': {
        'hip_flex': (1, 5),
        'hip_out': (5, 4),
        'hip_twist': (4, 7),
        'knee_flex': (5, 4),
        'ankle': (2, 4),
    },
    'stride': {
        'hip_flex': (0, 4),
        'hip_out': (2, 2),
        'hip_twist': (2, 4),
        'knee_flex': (14, 8),
        'ankle': (0, 6),
    },
    'sit': {
        'hip_flex': (82, 8),
        'hip_out': (10, 7),
        'hip_twist': (0, 5),
        'knee_flex': (82, 12),
        'ankle': (2, 5),
    },
}

ARMS = {
    'hang': {
        'arm_raise': (-66, 5),
        'arm_swing': (2, 10),
        'arm_twist': (0, 12),
        'elbow': (18, 12),
    },
    'bent': {
        'arm_raise': (-60, 8),
        'arm_swing': (12, 14),
        'arm_twist': (0, 15),
        'elbow': (75, 25),
    },
    'front': {
        'arm_raise': (-62, 10),
        'arm_swing': (72, 18),
        'arm_twist': (0, 15),
        'elbow': (28, 20),
        'collar': (4, 3),
    },
    'side': {
        'arm_raise': (-8, 18),
        'arm_front': (25, 22),
        'arm_twist': (0, 20),
        'elbow': (30, 25),
        'collar': (4, 3),
    },
    'up': {
        'arm_raise': (50, 11),
        'arm_front': (14, 8),
        'arm_twist': (0, 12),
        'elbow': (32, 22),
        'collar': (12, 4),
    },
    'lap': {
        'arm_raise': (-68, 5),
        'arm_swing': (26, 8),
        'arm_twist': (8, 12),
        'elbow': (42, 12),
    },
}

ACTIVITIES = {
    'standing': (0.28, 'stand', ('hang', 'hang', 'hang', 'bent')),
    'walking': (0.24, 'stride', ('hang',)),
    'sitting': (0.16, 'sit', ('lap', 'lap', 'bent', 'front', 'hang')),
    'reaching': (0.20, 'stand', ('front', 'side', 'front', 'side', 'hang', 'bent')),
    'arms_up': (0.12, 'stand', ('up', 'up', 'up', 'side', 'hang')),
}
"""Activity -> (share, legs, the arms to choose from, for each side by itself)."""

STRIDE_DEGREES = 24.0
_TRIES = 60


def _draw(rng: np.random.Generator, table: dict) -> dict[str, float]:
    """Draw every angle of the limits from its normal distribution, 0 +- 4 when not listed."""
    angles = {}
    for name, (low, high) in LIMITS.items():
        mean, deviation = table.get(name, (0.0, 4.0))
        angles[name] = float(np.clip(rng.normal(mean, deviation), low, high))
    return angles


def _walk(rng: np.random.Generator, sides: list[dict]) -> None:
    """Set legs and arms against each other, as in a step of random phase."""
    phase = rng.uniform(0, 2 * np.pi)
    for side, angle in zip(sides, (phase, phase + np.pi)):
        side['hip_flex'] += STRIDE_DEGREES * np.sin(angle)
        side['knee_flex'] += 34.0 * max(0.0, np.cos(angle)) ** 2
        side['arm_swing'] -= 0.9 * STRIDE_DEGREES * np.sin(angle)
        side['elbow'] += 10.0
        for name, (low, high) in LIMITS.items():
            side[name] = float(np.clip(side[name], low, high))


def _turned(axes: str, *degrees: float) -> Rotation:
    return Rotation.from_euler(axes, degrees if len(degrees) > 1 else degrees[0], degrees=True)


def _limb_rotations(angles: dict[str, float], sign: int) -> dict[str, Rotation]:
    """Rotations of one side's joints; `sign` is 1 for the left and -1 for the right."""
    a = angles
    arm = _turned('X', -a['arm_swing']) * _turned('Y', -sign * a['arm_front'])
    arm = arm * _turned('Z', sign * a['arm_raise']) * _turned('X', a['arm_twist'])
    hip = _turned('XZY', -a['hip_flex'], sign * a['hip_out'], sign * a['hip_twist'])
    return {
        'hip': hip,
        'knee': _turned('X', a['knee_flex']),
        'ankle': _turned('X', -a['ankle']),
        'collar': _turned('Z', sign * a['collar']),
        'shoulder': arm,
        'elbow': _turned('Y', -sign * a['elbow']),
        'wrist': _turned('ZY', a['wrist'], sign * a['wrist'] / 2),
    }


_LIMB_JOINTS = {
    'hip': (1, 2),
    'knee': (4, 5),
    'ankle': (7, 8),
    'collar': (13, 14),
    'shoulder': (16, 17),
    'elbow': (18, 19),
    'wrist': (20, 21),
}


def _assemble(trunk: dict[str, float], sides: list[dict]) -> np.ndarray:
    """Turn anatomical angles into joint rotations (23, 3), axis-angle."""
    pose = np.zeros((24, 3))
    spine = _turned('XZY', trunk['bend'] / 3, trunk['lean'] / 3, trunk['turn'] / 3)
    pose[[3, 6, 9]] = spine.as_rotvec()
    neck = _turned('XZY', trunk['nod'] / 2, trunk['tilt'] / 2, trunk['look'] / 2)
    pose[[12, 15]] = neck.as_rotvec()
    for index, (angles, sign) in enumerate(zip(sides, (1, -1))):
        for name, rotation in _limb_rotations(angles, sign).items():
            pose[_LIMB_JOINTS[name][index]] = rotation.as_rotvec()
    return pose[1:]


def draw_pose(rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Draw an activity and a pose (23, 3), axis-angle, without looking at collisions."""
    names = list(ACTIVITIES)
    shares = np.array([ACTIVITIES[name][0] for name in names])
    activity = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    _, legs, arms = ACTIVITIES[activity]
    trunk = _draw(rng, TRUNK)
    sides = []
    for _ in range(2):
        arm = ARMS[arms[int(rng.integers(len(arms)))]]
        sides.append(_draw(rng, {**LEGS[legs], **arm}))
    if activity == 'walking':
        _walk(rng, sides)
    return activity, _assemble(trunk, sides)


def sample_pose(
    rng: np.random.Generator, body: SyntheticBody, betas: np.ndarray
) -> tuple[str, np.ndarray]:
    """Draw an activity and a pose (23, 3), axis-angle, whose limbs do not run into each other.

    Args:
        rng: source of randomness.
        body: gives the skeleton.
        betas: (10,), shape of the person.
    """
    rest = body.rest_joints_of(betas)
    for _ in range(_TRIES):
        activity, pose = draw_pose(rng)
        rotations = Rotation.from_rotvec(np.vstack([np.zeros(3), pose])).as_matrix()
        if not limbs_collide(body.chain(rotations, rest)[1]):
            break
    return activity, pose
