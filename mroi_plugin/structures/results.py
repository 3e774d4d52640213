"""Results of inference on an image: the instances in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import roma
import torch


@dataclass(frozen=True)
class InstanceResult:
    """One person; N = 1, M RoIs, V vertices, K joints. Arrays are float32 unless said otherwise.

    Camera axes: x right, y down, z forward; bodies are in meters without translation, a full camera
    moves them in front of the camera. Pixels are those of the image, whole numbers pixel centers.

    Attributes:
        bbox: (4,) x, y, w, h px, tight.
        score: of the detector, 0..1; 1 for boxes that were given, 0 for those between frames.
        pose: (24, 3, 3) rotation matrices, global orientation first.
        betas: (10,).
        vertices: (V, 3) m; (0, 3) where they were not kept, as in JSON files.
        joints: (K, 3) m, in the convention of the model.
        focal_length: px.
        principal_point: (2,) px.
        rois: (M, 3) center relative to the principal point and side, px.
        trans: (3,) m, where the body is: the full camera of RoI 0, or the one that
            `MultiRoIEstimator`'s ``align_camera`` has found.
        local_cameras: (M, 3) s, tx, ty of every RoI.
        full_cameras: (M, 3) m, the full camera that every RoI implies (Eq. 12).
        consensus_camera: (3,) m, robust consensus of ``full_cameras``.
        spread_px: root mean square distance, over RoIs and joints, between the projections by
            ``full_cameras`` and by ``consensus_camera``, px.
        spread_m: spread of the depths of ``full_cameras``, m.
        confidence: 0..1, falls with the disagreement of the cameras; 1 where M = 1 says nothing.
        fusion_weights: (M, M) or None where the fusion has none.
        track: number of the person throughout its video, from 0; -1 in images.
    """

    bbox: np.ndarray
    score: float
    pose: np.ndarray
    betas: np.ndarray
    vertices: np.ndarray
    joints: np.ndarray
    focal_length: float
    principal_point: np.ndarray
    rois: np.ndarray
    trans: np.ndarray
    local_cameras: np.ndarray
    full_cameras: np.ndarray
    consensus_camera: np.ndarray
    spread_px: float
    spread_m: float
    confidence: float
    fusion_weights: np.ndarray | None = None
    track: int = -1

    @property
    def pose_axis_angle(self) -> np.ndarray:
        """(24, 3) radians."""
        return roma.rotmat_to_rotvec(torch.as_tensor(self.pose)).numpy()

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of the image of points (n, 3) m, which are without translation."""
        placed = points + self.trans
        return placed[:, :2] / placed[:, 2:] * self.focal_length + self.principal_point

    @property
    def joints2d(self) -> np.ndarray:
        """(K, 2) px of the image."""
        return self.project(self.joints)


@dataclass(frozen=True)
class ImageResult:
    """The persons of one image or frame of a video.

    Attributes:
        name: path of the image, or ``video.mp4#000012``.
        size: (w, h) px; (0, 0) where the image could not be read.
        instances: one result per person, as the detector ordered them, then those between frames.
        faces: (F, 3) int64 of every body.
        joint_names: K names of ``InstanceResult.joints``.
        image: (H, W, 3) uint8 RGB as the pixels were seen, upright; None where it was not kept.
        frame: number of the frame in its video, None for images.
        error: why the image could not be used; None if it could.
        problems: boxes that could not be used, and why; in no file.
        time: when the frame is shown, s from the start of its video; None for images.
        crop_size: (w, h) px of the crops, whose shape the RoIs have; (1, 1) where it is not known.
    """

    name: str
    size: tuple[int, int]
    instances: list[InstanceResult] = field(default_factory=list)
    faces: np.ndarray | None = None
    joint_names: tuple[str, ...] = ()
    image: np.ndarray | None = None
    frame: int | None = None
    error: str | None = None
    problems: tuple[str, ...] = ()
    time: float | None = None
    crop_size: tuple[int, int] = (1, 1)

    def without_meshes(self) -> ImageResult:
        """The result without vertices and pixels, of which many fit in memory."""
        none = np.zeros((0, 3), np.float32)
        bare = [replace(instance, vertices=none) for instance in self.instances]
        return replace(self, instances=bare, image=None)


def non_finite_value(instance: InstanceResult) -> str | None:
    """What of a person is NaN or infinite in float32, None if nothing is."""
    depths = [instance.trans[2], *instance.full_cameras[:, 2]]
    if not np.all(np.array(depths) > 0):
        depth = float(min(depths))
        return f'the network puts the body behind the camera, at a depth of {depth:.4g} m.'
    values = {entry.name: getattr(instance, entry.name) for entry in fields(instance)}
    with np.errstate(all='ignore'):
        for name, value in {**values, 'joints2d': instance.joints2d}.items():
            if value is not None and not np.isfinite(np.asarray(value, np.float32)).all():
                return f'{name} is NaN or infinite.'
    return None


def require_finite(result: ImageResult) -> None:
    """Refuse a result that would make a file of NaN.

    Raises:
        ValueError: naming the image, the person and the value.
    """
    for i, instance in enumerate(result.instances):
        problem = non_finite_value(instance)
        if problem is not None:
            raise ValueError(f'{result.name}, person {i}: {problem} No file is written.')


def require_meshes(
    name: str, instances: Sequence[InstanceResult], faces: np.ndarray | None
) -> None:
    """Refuse persons without vertices or faces.

    Args:
        name: of their image.
        instances: of the image; nobody needs no mesh.
        faces: (F, 3) of the result.

    Raises:
        ValueError: naming the image, and where meshes are.
    """
    known = faces is not None and len(faces) > 0
    if instances and not (known and all(len(p.vertices) for p in instances)):
        raise ValueError(
            f'{name}: meshes need vertices and faces, which this result lacks, as those of JSON '
            'files do: read the .npz of the image, or pose the body model with pose and betas.'
        )
