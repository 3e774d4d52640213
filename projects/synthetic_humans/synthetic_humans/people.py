"""A person in the world: shape, pose, direction, and the ground under the feet.

World frame: x right, y up, z towards the camera's side, meters; the floor is y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.activities import ACTIVITIES
from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import Clearance
from synthetic_humans.poses import sample_pose

CHILD_SHARE = 0.12
"""Part of the people whose first shape direction is drawn from `CHILD_BETA`."""
CHILD_BETA = (-5.0, -2.0)
BETA_DEVIATION = np.array([1.3, 1.4, 1.3, 1.2, 1.1, 1, 1, 1, 1, 1])
MAX_BETA = 3.0
JUMP_M = (0.05, 0.5)

_SEAT_PARTS = (0, 1, 2)


@dataclass(frozen=True)
class Person:
    """One person in the world frame.

    Attributes:
        activity: name of the activity, see `activities.ACTIVITIES`.
        betas: (10,), shape.
        body_pose: (23, 3), axis-angle.
        orient: (3, 3), rotation of the whole body.
        heading: (3, 3), its part about the vertical.
        vertices: (V, 3) m, world.
        joints: (54, 3) m, world, convention 'smpl_54'.
        transforms: (24, 3, 4), from the unposed body of this shape to the world.
        pelvis_rest: (3,) m, pelvis of the unposed body, about which global rotations turn.
        origin: (3,) m, world position of the body frame's origin.
        seat_top: height of the seat, m; None for people who do not sit on one.
    """

    activity: str
    betas: np.ndarray
    body_pose: np.ndarray
    orient: np.ndarray
    heading: np.ndarray
    vertices: np.ndarray
    joints: np.ndarray
    transforms: np.ndarray
    pelvis_rest: np.ndarray
    origin: np.ndarray
    seat_top: float | None

    def moved(self, shift: np.ndarray) -> Person:
        """Return the person shifted by (3,) m."""
        transforms = self.transforms.copy()
        transforms[..., 3] += shift
        return replace(
            self,
            vertices=self.vertices + shift,
            joints=self.joints + shift,
            origin=self.origin + shift,
            transforms=transforms,
        )


def sample_betas(rng: np.random.Generator) -> np.ndarray:
    """Draw a shape (10,): `BETA_DEVIATION` about the mean adult, some people small as children."""
    betas = np.clip(rng.normal(size=10), -MAX_BETA / 1.4, MAX_BETA / 1.4) * BETA_DEVIATION
    if rng.uniform() < CHILD_SHARE:
        betas[0] = rng.uniform(*CHILD_BETA)
    return betas.astype(np.float32).astype(np.float64)


def sample_person(
    rng: np.random.Generator, body: SyntheticBody, clearance: Clearance, reserved: bool = False
) -> Person:
    """Draw a person who stands on the floor at the origin, in any direction.

    Args:
        rng: source of randomness.
        body: the body to pose.
        clearance: the test for collisions of limbs.
        reserved: draw from the poses of the test split instead of those of training.
    """
    betas = sample_betas(rng)
    pose = sample_pose(rng, body, clearance, betas, reserved)
    body_pose = pose.body_pose.astype(np.float32).astype(np.float64)
    heading = Rotation.from_euler('y', rng.uniform(-np.pi, np.pi))
    orient = heading * pose.tilt
    posed = body.pose(orient.as_rotvec(), body_pose, betas)
    support = ACTIVITIES[pose.activity].support
    lowest = posed.vertices[:, 1].min() - rng.uniform(*JUMP_M) * (support == 'air')
    seat_top = None
    if support == 'seat':
        seated = np.isin(body.weights.argmax(1), _SEAT_PARTS)
        seat_top = float(posed.vertices[seated, 1].min() - lowest) + 0.015
    pelvis = posed.joints[0]
    person = Person(
        activity=pose.activity,
        betas=betas,
        body_pose=body_pose,
        orient=orient.as_matrix(),
        heading=heading.as_matrix(),
        vertices=posed.vertices,
        joints=posed.joints,
        transforms=posed.transforms,
        pelvis_rest=body.rest_joints_of(betas)[0],
        origin=np.zeros(3),
        seat_top=seat_top,
    )
    return person.moved(np.array([-pelvis[0], -lowest, -pelvis[2]]))
