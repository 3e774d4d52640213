"""Rolling and mirroring a person together with its camera: exact, on annotations alone.

An image rotated by R about c is what the same camera sees when rolled by R with its principal point
moved: ``x' = f R (X / Z) + pp'``, ``pp' = R (pp - c) + c``. Joints become ``R J``, the global
orientation ``R G`` and, because SMPL turns about its rest pelvis ``J0``, the translation
``R (J0 + t) - J0``.

Pixel coordinates are those of OpenCV: integers are pixel centers, the origin is the top left pixel.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

Sample = dict[str, Any]

SMPL_MIRROR = np.array(
    [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22]
)
"""SMPL's 24 joints with left and right exchanged."""


def rotation_about(degrees: float, center: np.ndarray) -> np.ndarray:
    """Affine (2, 3) that rotates pixels by ``degrees`` about ``center`` (2); positive is x towards
    y."""
    angle = np.deg2rad(degrees)
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, -s], [s, c]])
    return np.concatenate([rotation, (center - rotation @ center)[:, None]], axis=1)


def apply_affine(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Pixels (..., 2) through an affine (2, 3)."""
    return points @ affine[:, :2].T + affine[:, 2]


def compose_affine(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The affines (..., 2, 3) that apply ``first`` (2, 3) and then ``second`` (..., 2, 3)."""
    both = second[..., :2] @ first
    both[..., 2] += second[..., 2]
    return both


def _move_pixels(sample: Sample, affine: np.ndarray) -> None:
    """Carry image, joints, principal point and box center through one affine of the image."""
    sample['image_affine'] = compose_affine(affine, sample['image_affine'])
    for name in ('principal_point', 'box_center'):
        sample[name] = apply_affine(affine, sample[name])
    keypoints = sample['keypoints2d'].copy()
    keypoints[:, :2] = apply_affine(affine, keypoints[:, :2])
    sample['keypoints2d'] = keypoints


def _move_space(sample: Sample, linear: np.ndarray) -> None:
    """Carry 3D joints and the translation through a linear map (3, 3) of the camera frame."""
    keypoints = sample['keypoints3d'].copy()
    keypoints[:, :3] = keypoints[:, :3] @ linear.T
    sample['keypoints3d'] = keypoints
    rest = sample['smpl_rest_pelvis']
    sample['smpl_transl'] = linear @ (rest + sample['smpl_transl']) - rest


def rotate_sample(sample: Sample, degrees: float) -> Sample:
    """Rotate the full image about the center of the person's box, and everything with it.

    Args:
        sample: ``image_affine`` (2, 3), ``principal_point`` (2) px, ``box_center`` (2) px,
            ``keypoints2d`` (K, 3) px and confidence, ``keypoints3d`` (K, 4) meters in the camera
            frame and confidence, ``smpl_global_orient`` (3) radians, ``smpl_transl`` (3) and
            ``smpl_rest_pelvis`` (3) meters.
        degrees: angle in the image, x (right) towards y (down).

    Returns:
        A new sample.
    """
    sample = dict(sample)
    affine = rotation_about(degrees, sample['box_center'])
    _move_pixels(sample, affine)
    roll = np.eye(3)
    roll[:2, :2] = affine[:, :2]
    _move_space(sample, roll)
    orient, _ = cv2.Rodrigues(np.asarray(sample['smpl_global_orient'], np.float64))
    sample['smpl_global_orient'] = cv2.Rodrigues(roll @ orient)[0].ravel()
    return sample


def flip_sample(sample: Sample, keypoint_order: np.ndarray) -> Sample:
    """Mirror the full image left to right, and everything with it.

    Args:
        sample: as in `rotate_sample`, and ``img_size`` (w, h) px and ``smpl_body_pose`` (23, 3)
            radians.
        keypoint_order: (K) joint that takes the place of each joint after the mirror.

    Returns:
        A new sample.
    """
    sample = dict(sample)
    _move_pixels(sample, np.array([[-1.0, 0, sample['img_size'][0] - 1], [0, 1, 0]]))
    _move_space(sample, np.diag([-1.0, 1, 1]))
    for name in ('keypoints2d', 'keypoints3d'):
        sample[name] = sample[name][keypoint_order]
    pose = np.concatenate([sample['smpl_global_orient'][None], sample['smpl_body_pose']])
    pose = pose[SMPL_MIRROR] * np.array([1, -1, -1])
    sample['smpl_global_orient'], sample['smpl_body_pose'] = pose[0], pose[1:]
    return sample
