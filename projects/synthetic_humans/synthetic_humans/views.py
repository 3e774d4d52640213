"""A camera that looks at a person: true perspective, annotated focal length and principal point.

Camera frame: x right, y down, z forward, meters; `X_cam = R (X_world - C)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.people import Person

LONG_SIDE_PX = (320, 400)
ASPECT = (1.0, 1.78)
FOCAL_RATIO = (0.6, 2.5)
"""Focal length in units of the image's diagonal."""
MAX_PITCH_DEG = 40.0
ROLL_DEG = 10.0
PRINCIPAL_POINT_JITTER = 0.06
"""Largest shift of the principal point in units of the image size; none in a third of the
images."""
CUT_SHARE = 0.18
"""Part of the images whose camera is so near or so turned that it cuts the person."""

_CORE = (0, 9, 12, 15, 16, 17)
_NEAREST_M = 0.3
_TRIES = 600


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

    def inside(self, pixels: np.ndarray) -> np.ndarray:
        """Tell which pixels (..., 2) lie in the image."""
        return ((pixels >= 0) & (pixels <= np.asarray(self.size) - 1)).all(-1)


def _sample_lens(rng: np.random.Generator) -> tuple[tuple[int, int], float, np.ndarray]:
    """Draw image size, focal length (px) and principal point (2,) px; stored as float32."""
    long, aspect = rng.integers(*LONG_SIDE_PX, endpoint=True), rng.uniform(*ASPECT)
    size = int(long), round(long / aspect)
    size = size if rng.uniform() < 0.5 else size[::-1]
    ratio = np.exp(rng.uniform(*np.log(FOCAL_RATIO)))
    focal = np.float32(ratio * np.hypot(*size))
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


def _camera_height(rng: np.random.Generator) -> float:
    """Draw the height of a camera, m: mostly that of eyes or hands, some low, some high."""
    kind = rng.uniform()
    low, high = (1.0, 1.8) if kind < 0.55 else (0.25, 1.0) if kind < 0.78 else (1.8, 4.5)
    return float(rng.uniform(low, high))


def _shows(view: View, person: Person, cut: bool) -> bool:
    """Tell whether a camera shows all of a person, or with `cut` a fair part of them."""
    local = view.to_camera(person.vertices)
    if local[:, 2].min() < _NEAREST_M:
        return False
    seen = view.inside(view.focal_length * local[:, :2] / local[:, 2:] + view.principal_point)
    if not cut:
        return bool(seen.all())
    core = view.inside(view.project(person.joints[list(_CORE)]))
    return core.sum() >= 4 and 0.25 <= seen.mean() <= 0.97


def sample_view(rng: np.random.Generator, person: Person) -> View:
    """Draw a camera that sees a person, anywhere in the picture.

    Focal length, camera height and the person's size in the image are random; the point of the
    picture that shows the person is uniform, as far as the pitch stays within
    +- `MAX_PITCH_DEG`. In `CUT_SHARE` of the images the border of the image cuts the person.

    Raises:
        RuntimeError: if no camera is found, which means that the body has no usual size.
    """
    low, high = person.vertices.min(0), person.vertices.max(0)
    middle, extent = (low + high) / 2, max(np.ptp(person.vertices, axis=0))
    cut = rng.uniform() < CUT_SHARE
    for _ in range(_TRIES):
        size, focal, principal = _sample_lens(rng)
        if cut:
            shown = person.joints[int(rng.choice([15, 12, 9, 0]))]
            length = rng.uniform(0.7, 2.2) * size[1]
            pixel = rng.uniform((0.15, 0.1), (0.85, 0.75)) * size
        else:
            shown = middle
            length = rng.uniform(0.6, 0.98) * min(size[1], 1.3 * size[0])
            pixel = rng.uniform((0.15, 0.3), (0.85, 0.7)) * size
        distance, height = focal * extent / length, _camera_height(rng)
        if distance < 0.8 or abs(height - shown[1]) > 0.75 * distance:
            continue
        depth = np.sqrt(distance**2 - (height - shown[1]) ** 2)
        position = np.array([shown[0], height, shown[2] + depth])
        ray = np.append((pixel - principal) / focal, 1.0)
        roll = np.radians(np.clip(rng.normal(0, ROLL_DEG / 2.5), -ROLL_DEG, ROLL_DEG))
        rotation = _aim(ray, shown - position, roll)
        if rotation is None:
            continue
        view = View(size, focal, principal, rotation, position)
        if _shows(view, person, cut):
            return view
    raise RuntimeError(
        f'no camera found in {_TRIES} tries that shows a body of '
        f'{np.ptp(person.vertices, axis=0)} m; expected the size of a person in meters: check the '
        'body model file'
    )
