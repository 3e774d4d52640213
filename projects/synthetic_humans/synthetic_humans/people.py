"""A person in the world: shape, pose, direction, and the ground under the feet.

World frame: x right, y up, z towards the camera's side, meters; the floor is y = 0 and the person
stands, walks or sits around the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.body import SyntheticBody
from synthetic_humans.poses import sample_pose

_SEAT_PARTS = (0, 1, 2)


@dataclass(frozen=True)
class Person:
    """One person in the world frame.

    Attributes:
        activity: name of the activity, see `poses.ACTIVITIES`.
        betas: (10,), shape.
        body_pose: (23, 3), axis-angle.
        facing: (3, 3), rotation of the body about the vertical.
        vertices: (V, 3) m, world.
        joints: (54, 3) m, world, convention 'smpl_54'.
        pelvis_rest: (3,) m, pelvis of the unposed body, about which global rotations turn.
        origin: (3,) m, world position of the body frame's origin.
        seat_top: height of the seat, m; None for people who do not sit.
    """

    activity: str
    betas: np.ndarray
    body_pose: np.ndarray
    facing: np.ndarray
    vertices: np.ndarray
    joints: np.ndarray
    pelvis_rest: np.ndarray
    origin: np.ndarray
    seat_top: float | None


def sample_person(rng: np.random.Generator, body: SyntheticBody) -> Person:
    """Draw a person: shape N(0, 1) per direction, an everyday pose, any direction.

    Args:
        rng: source of randomness.
        body: the body to pose.
    """
    betas = rng.normal(size=10).astype(np.float32).astype(np.float64)
    activity, body_pose = sample_pose(rng, body, betas)
    body_pose = body_pose.astype(np.float32).astype(np.float64)
    heading = Rotation.from_euler('y', rng.uniform(-np.pi, np.pi))
    posed = body.pose(heading.as_rotvec(), body_pose, betas)
    low, high = posed.vertices.min(0), posed.vertices.max(0)
    origin = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2])
    vertices = posed.vertices + origin
    seat_top = None
    if activity == 'sitting':
        seated = np.isin(body.weights.argmax(1), _SEAT_PARTS)
        seat_top = float(vertices[seated, 1].min()) + 0.015
    return Person(
        activity=activity,
        betas=betas,
        body_pose=body_pose,
        facing=heading.as_matrix(),
        vertices=vertices,
        joints=posed.joints + origin,
        pelvis_rest=body.rest_joints_of(betas)[0],
        origin=origin,
        seat_top=seat_top,
    )
