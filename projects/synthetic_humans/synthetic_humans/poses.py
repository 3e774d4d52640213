"""Random poses: one of the `activities`, spread, blended with another, within limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.activities import ACTIVITIES, Activity
from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import Clearance
from synthetic_humans.postures import ARMS, DEVIATION, LEGS, LIMITS, TRUNK_LIMITS

BLEND_SHARE = 0.3
"""Part of the poses that lie between two families."""
SPREAD = (0.8, 1.7)
"""Factor on the deviations of the tables, one for each pose."""
RESERVED = 5
"""One of so many combinations of activity, left and right arm is the test split's alone."""

_TRIES = 200
_MAX_TILT = 40.0
_LIMB_JOINTS = {
    'hip': (1, 2),
    'knee': (4, 5),
    'ankle': (7, 8),
    'collar': (13, 14),
    'shoulder': (16, 17),
    'elbow': (18, 19),
    'wrist': (20, 21),
}
_MASS = np.array([8, 7, 7, 6, 4, 4, 6, 2, 2, 8, 1, 1, 3, 2, 2, 7, 2, 2, 2, 2, 1, 1, 1, 1], float)


@dataclass(frozen=True)
class Angles:
    """Anatomical angles in degrees: of the trunk, of the left and the right side."""

    trunk: dict[str, float]
    sides: tuple[dict[str, float], dict[str, float]]

    def blended(self, other: Angles, share: float) -> Angles:
        """Return the angles between these and others, all clipped to their limits."""

        def between(a: dict, b: dict, limits: dict) -> dict:
            mixed = {name: (1 - share) * a[name] + share * b[name] for name in a}
            return {name: float(np.clip(mixed[name], *limits[name])) for name in mixed}

        sides = (between(a, b, LIMITS) for a, b in zip(self.sides, other.sides))
        return Angles(between(self.trunk, other.trunk, TRUNK_LIMITS), tuple(sides))


@dataclass(frozen=True)
class Pose:
    """A pose of the body.

    Attributes:
        activity: a name of `ACTIVITIES`.
        body_pose: (23, 3), axis-angle.
        tilt: rotation of the whole body before it is turned about the vertical.
        angles: what it was made from.
    """

    activity: str
    body_pose: np.ndarray
    tilt: Rotation
    angles: Angles


def is_reserved(activity: str, arms: tuple[str, str]) -> bool:
    """Tell whether a combination of an activity, the left and the right arm is the test's alone."""
    names = list(ARMS)
    code = 3 * list(ACTIVITIES).index(activity) + names.index(arms[0]) + 2 * names.index(arms[1])
    return code % RESERVED == 0


def _draw(rng: np.random.Generator, table: dict, limits: dict, spread: float) -> dict[str, float]:
    """Draw every angle of the limits from its normal distribution."""
    angles = {}
    for name, (low, high) in limits.items():
        mean, deviation = table.get(name, (0.0, DEVIATION.get(name, 5.0)))
        angles[name] = float(np.clip(rng.normal(mean, spread * deviation), low, high))
    return angles


def _stride(rng: np.random.Generator, sides: list[dict], swing: float) -> None:
    """Set legs and arms against each other, as in a step of random phase and size."""
    phase, swing = rng.uniform(0, 2 * np.pi), swing * rng.uniform(0.7, 1.25)
    for side, angle in zip(sides, (phase, phase + np.pi)):
        side['hip_flex'] += swing * (np.sin(angle) + 0.2)
        side['knee_flex'] += 10 + 1.5 * swing * max(0.0, np.cos(angle)) ** 2
        side['arm_swing'] -= 0.9 * swing * np.sin(angle)
        for name, (low, high) in LIMITS.items():
            side[name] = float(np.clip(side[name], low, high))


def draw_angles(rng: np.random.Generator, name: str, reserved: bool) -> Angles:
    """Draw the angles of an activity; `reserved` chooses the combinations of the test split."""
    activity = ACTIVITIES[name]
    for _ in range(_TRIES):
        arms = tuple(activity.arms[int(i)] for i in rng.integers(len(activity.arms), size=2))
        if is_reserved(name, arms) == reserved:
            break
    legs = list(activity.legs[int(rng.integers(len(activity.legs)))])
    if rng.uniform() < 0.5:
        legs.reverse()
    spread = rng.uniform(*SPREAD)
    trunk = _draw(rng, activity.trunk, TRUNK_LIMITS, spread)
    sides = [_draw(rng, {**LEGS[l], **ARMS[a]}, LIMITS, spread) for l, a in zip(legs, arms)]
    if activity.stride:
        _stride(rng, sides, activity.stride)
    return Angles(trunk, tuple(sides))


def _turned(axes: str, *degrees: float) -> Rotation:
    return Rotation.from_euler(axes, degrees if len(degrees) > 1 else degrees[0], degrees=True)


def _limb_rotations(a: dict[str, float], sign: int) -> dict[str, Rotation]:
    """Rotations of one side's joints; `sign` is 1 for the left and -1 for the right."""
    arm = _turned('X', -a['arm_swing']) * _turned('Y', -sign * a['arm_front'])
    arm = arm * _turned('Z', sign * a['arm_raise']) * _turned('X', a['arm_twist'])
    twist = 0.5 * a['forearm']
    return {
        'hip': _turned('XZY', -a['hip_flex'], sign * a['hip_out'], sign * a['hip_twist']),
        'knee': _turned('X', a['knee_flex']),
        'ankle': _turned('X', -a['ankle']),
        'collar': _turned('ZY', sign * a['collar'], -sign * a['collar_front']),
        'shoulder': arm,
        'elbow': _turned('YX', -sign * a['elbow'], twist),
        'wrist': _turned('XZY', twist, -sign * a['wrist'], sign * a['wrist_side']),
    }


def assemble(angles: Angles) -> np.ndarray:
    """Turn anatomical angles into joint rotations (23, 3), axis-angle."""
    trunk, pose = angles.trunk, np.zeros((24, 3))
    spine = _turned('XZY', trunk['bend'] / 3, trunk['lean'] / 3, trunk['turn'] / 3)
    pose[[3, 6, 9]] = spine.as_rotvec()
    neck = _turned('XZY', trunk['nod'] / 2, trunk['tilt'] / 2, trunk['look'] / 2)
    pose[[12, 15]] = neck.as_rotvec()
    for index, (side, sign) in enumerate(zip(angles.sides, (1, -1))):
        for name, rotation in _limb_rotations(side, sign).items():
            pose[_LIMB_JOINTS[name][index]] = rotation.as_rotvec()
    return pose[1:]


def _balanced(rng: np.random.Generator, joints: np.ndarray) -> Rotation:
    """Return the tilt that brings the center of mass of joints (24, 3) over the lower foot."""
    feet = (joints[[7, 8]] + joints[[10, 11]]) / 2
    gap = feet[0, 1] - feet[1, 1]
    share = 1 / (1 + np.exp(-gap / 0.06))  # of the right foot, the lower one when gap > 0
    support = (1 - share) * feet[0] + share * feet[1]
    x, y, z = (_MASS[:, None] * joints).sum(0) / _MASS.sum() - support
    pitch, roll = -np.degrees(np.arctan2(z, y)), np.degrees(np.arctan2(x, y))
    pitch, roll = np.clip((pitch, roll), -_MAX_TILT, _MAX_TILT) + rng.normal(0, 2.5, 2)
    return _turned('XZ', pitch, roll)


def _flat_footed(angles: Angles, pitch: float) -> Angles:
    """Turn the ankles so that the soles become level, as far as the limits allow."""
    sides = []
    for side in angles.sides:
        shank = side['knee_flex'] - side['hip_flex'] + pitch
        level = float(np.clip(shank, *LIMITS['ankle']))
        sides.append({**side, 'ankle': level if abs(shank) < 60 else side['ankle']})
    return Angles(angles.trunk, tuple(sides))


def _tilt(rng: np.random.Generator, activity: Activity) -> Rotation:
    side = -1 if rng.uniform() < 0.5 else 1
    return _turned('XZ', rng.normal(*activity.pitch), side * rng.normal(*activity.roll))


def _draw_pose(
    rng: np.random.Generator, body: SyntheticBody, rest_joints: np.ndarray, reserved: bool
) -> Pose:
    """Draw a pose without looking at collisions."""
    names = list(ACTIVITIES)
    shares = np.array([ACTIVITIES[name].share for name in names])
    name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    activity, angles = ACTIVITIES[name], draw_angles(rng, name, reserved)
    if rng.uniform() < BLEND_SHARE:
        like = [n for n in names if ACTIVITIES[n].support == activity.support]
        other = draw_angles(rng, like[int(rng.integers(len(like)))], reserved)
        angles = angles.blended(other, rng.uniform(0.15, 0.6))
    if activity.support != 'feet':
        return Pose(name, assemble(angles), _tilt(rng, activity), angles)
    rotations = Rotation.from_rotvec(np.vstack([np.zeros(3), assemble(angles)])).as_matrix()
    tilt = _balanced(rng, body.chain(rotations, rest_joints)[1])
    if rng.uniform() < 0.85:
        angles = _flat_footed(angles, float(tilt.as_euler('XZY', degrees=True)[0]))
    return Pose(name, assemble(angles), tilt, angles)


def sample_pose(
    rng: np.random.Generator,
    body: SyntheticBody,
    clearance: Clearance,
    betas: np.ndarray,
    reserved: bool = False,
) -> Pose:
    """Draw a pose whose limbs do not run into each other.

    Args:
        rng: source of randomness.
        body: gives the skeleton.
        clearance: the test for collisions.
        betas: (10,), shape of the person.
        reserved: draw from the combinations of the test split instead of those of training.

    Raises:
        RuntimeError: if every try collides, which means that the body has no usual shape.
    """
    rest_joints = body.rest_joints_of(betas)
    for _ in range(_TRIES):
        pose = _draw_pose(rng, body, rest_joints, reserved)
        if not clearance.collides(pose.body_pose, betas):
            return pose
    raise RuntimeError(
        f'no pose without a collision of limbs in {_TRIES} tries for betas {betas.round(2)}; '
        'expected a usual body: check the body model file'
    )
