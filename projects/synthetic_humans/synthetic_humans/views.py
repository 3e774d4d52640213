"""A camera that looks at a person: true perspective, annotated focal length and principal point.

Camera frame: x right, y down, z forward, meters; `X_cam = R (X_world - C)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.people import Person

IMAGE_SIZES = ((640, 480), (480, 640), (960, 540))
"""(W, H), px."""
FIELD_OF_VIEW_DEG = (25.0, 75.0)
"""Angle that the longer side of the image subtends."""
DISTANCE_M = (1.5, 8.0)
CAMERA_HEIGHT_M = (0.4, 2.4)
MAX_PITCH_DEG = 25.0
ROLL_DEG = 4.0
PRINCIPAL_POINT_JITTER = 0.06
"""Largest shift of the principal point in units of the image size; none in a third of the
images."""
MIN_BOX_PX = 40.0

_CORE = (0, 9, 12, 15, 16, 17)
_NEAREST_M = 0.35
_TRIES = 400


@dataclass(frozen=True)
class View:
    """One camera.

    Attributes:
        size: (W, H), px.
        focal_length: f, px.
        principal_point: (2,), px.
        rotation: (3, 3), world to camera.
        position: (3,) m, camera center in the world.
    """

    size: tuple[int, int]
    focal_length: float
    principal_point: np.ndarray
    rotation: np.ndarray
    position: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Bring world points (..., 3) into the camera frame, meters."""
        return np.einsum('ij,...j->...i', self.rotation, points - self.position)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project world points (..., 3) to pixels (..., 2)."""
        local = self.to_camera(points)
        return self.focal_length * local[..., :2] / local[..., 2:] + self.principal_point


def _sample_lens(rng: np.random.Generator) -> tuple[tuple[int, int], float, np.ndarray]:
    """Draw image size, focal length (px) and principal point (2,) px; stored as float32."""
    size = IMAGE_SIZES[int(rng.integers(len(IMAGE_SIZES)))]
    angle = np.radians(rng.uniform(*FIELD_OF_VIEW_DEG))
    focal = np.float32(max(size) / (2 * np.tan(angle / 2)))
    center = np.asarray(size) / 2.0
    if rng.uniform() > 1 / 3:
        jitter = rng.uniform(-PRINCIPAL_POINT_JITTER, PRINCIPAL_POINT_JITTER, 2)
        center = center + jitter * size
    return size, float(focal), center.astype(np.float32).astype(np.float64)


def _aim(ray: np.ndarray, offset: np.ndarray, roll: float) -> np.ndarray | None:
    """Find the rotation, with a given roll, that shows a world offset along a ray.

    Args:
        ray: (3,), camera frame, through the wanted pixel.
        offset: (3,) m, from the camera to the point, world; in the plane x = 0, z < 0.
        roll: radians about the optical axis.

    Returns:
        (3, 3), world to camera, or None if it would pitch by more than `MAX_PITCH_DEG`.
    """
    upright = Rotation.from_euler('z', -roll).as_matrix() @ (ray / np.linalg.norm(ray))
    flipped = np.diag([1.0, -1.0, -1.0])
    level = flipped @ (offset / np.linalg.norm(offset))
    sine = upright[0] / np.hypot(level[0], level[2])
    if abs(sine) > 0.95:
        return None
    yaw = Rotation.from_euler('y', np.arcsin(sine)).as_matrix()
    level = yaw @ level
    pitch = np.arctan2(level[1], level[2]) - np.arctan2(upright[1], upright[2])
    if abs(np.degrees(pitch)) > MAX_PITCH_DEG:
        return None
    turns = Rotation.from_euler('z', roll) * Rotation.from_euler('x', pitch)
    return turns.as_matrix() @ yaw @ flipped


def box_of(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the tight box (x, y, w, h), px, of projected vertices (V, 2), clipped to the image."""
    limit = np.asarray(size, np.float64) - 1
    low = np.clip(pixels.min(0), 0, limit)
    high = np.clip(pixels.max(0), 0, limit)
    return np.concatenate([low, high - low])


def _shows_person(view: View, person: Person) -> bool:
    """Tell whether enough of the person is in the picture to call it a detection."""
    local = view.to_camera(person.vertices)
    if local[:, 2].min() < _NEAREST_M:
        return False
    size = np.asarray(view.size)
    pixels = view.focal_length * local[:, :2] / local[:, 2:] + view.principal_point
    seen = ((pixels >= 0) & (pixels <= size - 1)).all(1)
    core = view.project(person.joints[list(_CORE)])
    core_seen = ((core >= 0) & (core <= size - 1)).all(1)
    box = box_of(pixels, view.size)
    return box[2:].min() >= MIN_BOX_PX and core_seen.sum() >= 4 and seen.mean() >= 0.3


def sample_view(rng: np.random.Generator, person: Person) -> View:
    """Draw a camera that sees the head or the torso of a person, anywhere in the picture.

    Field of view, distance and camera height are uniform; the point of the picture that shows the
    person is uniform too, as far as the pitch stays within +- `MAX_PITCH_DEG`.

    Raises:
        RuntimeError: if no camera is found, which means that the body has no usual size.
    """
    center = (person.vertices.min(0) + person.vertices.max(0)) / 2
    for _ in range(_TRIES):
        size, focal, principal = _sample_lens(rng)
        shown = center if rng.uniform() < 0.6 else person.joints[9]
        distance, height = rng.uniform(*DISTANCE_M), rng.uniform(*CAMERA_HEIGHT_M)
        if abs(height - shown[1]) > 0.8 * distance:
            continue
        depth = np.sqrt(distance**2 - (height - shown[1]) ** 2)
        position = np.array([shown[0], height, shown[2] + depth])
        pixel = rng.uniform((0.02, 0.08), (0.98, 0.95)) * size
        ray = np.append((pixel - principal) / focal, 1.0)
        roll = np.radians(rng.normal(0, ROLL_DEG / 2))
        rotation = _aim(ray, shown - position, roll)
        if rotation is None:
            continue
        view = View(size, focal, principal, rotation, position)
        if _shows_person(view, person):
            return view
    raise RuntimeError(
        f'no camera found in {_TRIES} tries that shows a body of '
        f'{np.ptp(person.vertices, axis=0)} m; expected the size of an adult in meters: check the '
        'body model file'
    )
