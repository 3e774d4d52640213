"""Joints with left and right exchanged, found by comparison with joints that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mroi_plugin.datasets.annotation_errors import Finding
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation, keypoint_names

CONVENTION = 'smpl_54'
MIN_JOINTS = 6
"""Fewer joints decide nothing."""
CLEARLY = 0.5
"""Exchanged joints fit when their error is less than this part of the error as labeled ..."""
NOTICEABLE = 0.08
"""... and that is at least this part of the size of the person: from the side both fit."""


def swapped_samples(points: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples whose joints fit a reference clearly better with left and right exchanged.

    The points are aligned with the reference by scale and shift (weak perspective if one of the two
    is on the image); nothing is rotated, both must be in the frame of the camera. Both ways are
    judged by the same joints: those that have a left and a right one, and both of them.

    Args:
        points: (N, 54, 2 or 3 and confidence) 'smpl_54' joints.
        reference: (N, 54, 2 or 3 and confidence), the same joints of the same persons.

    Returns:
        (N) True where exchanged, and (N) True where there are joints enough to tell.
    """
    dims = min(points.shape[-1], reference.shape[-1]) - 1
    mirror = flip_permutation(CONVENTION)
    known = (points[..., -1] > 0) & (reference[..., -1] > 0)
    paired = (known & known[:, mirror] & (mirror != np.arange(len(mirror)))).astype(float)
    straight, size = _misfit(points[..., :dims], reference[..., :dims], paired)
    crossed, _ = _misfit(points[:, mirror, :dims], reference[..., :dims], paired)
    enough = paired.sum(1) >= MIN_JOINTS
    return enough & (crossed < CLEARLY * straight) & (straight > NOTICEABLE * size), enough


def without(reference: np.ndarray, findings: Sequence[Finding]) -> np.ndarray:
    """The reference with confidence 0 for the persons of findings, so that nothing else is said of
    them."""
    rest = reference.copy()
    for finding in findings:
        rest[finding.samples, :, -1] = 0
    return rest


def centered(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Points (N, K, C) about their mean by weights (N, K), 0 where the weight is."""
    w = (weights / np.maximum(weights.sum(1), 1)[:, None])[..., None]
    p = np.where(w > 0, points, 0)
    return np.where(w > 0, p - (w * p).sum(1, keepdims=True), 0)


def _misfit(points: np.ndarray, reference: np.ndarray, weights: np.ndarray) -> tuple:
    """Error after alignment and size of the reference, both (N) root mean squares."""
    w = (weights / np.maximum(weights.sum(1), 1)[:, None])[..., None]
    p, r = centered(points, weights), centered(reference, weights)
    scale = (w * p * r).sum((1, 2)) / np.maximum((w * p * p).sum((1, 2)), 1e-12)
    rest = np.maximum(scale, 0)[:, None, None] * p - r
    return np.sqrt((w * rest**2).sum((1, 2))), np.sqrt((w * r**2).sum((1, 2)))


def from_openpose(openpose: np.ndarray) -> np.ndarray:
    """OpenPose's body joints as the like-named joints of 'smpl_54'; near enough to tell left from
    right.

    Args:
        openpose: (N, 25, C), confidence last.

    Returns:
        (N, 54, C), confidence 0 where there is no such joint.
    """
    names = [name.removesuffix('_openpose') for name in keypoint_names('openpose_25')]
    wanted = keypoint_names(CONVENTION)
    out = np.zeros((len(openpose), len(wanted), openpose.shape[-1]))
    for k, name in enumerate(names):
        if name in wanted:
            out[:, wanted.index(name)] = openpose[:, k]
    return out
