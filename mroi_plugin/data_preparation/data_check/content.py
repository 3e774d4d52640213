"""Content of an annotation file, and its contradictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mroi_plugin.data_preparation import value_checks as checks
from mroi_plugin.data_preparation.joint_frame import check_solid
from mroi_plugin.data_preparation.left_right import without
from mroi_plugin.data_preparation.reprojection import check_pose_in_image
from mroi_plugin.data_preparation.smpl_joints import AnnotationBodies, Poses
from mroi_plugin.datasets.annotation_cameras import project
from mroi_plugin.datasets.annotation_errors import Finding, findings_of
from mroi_plugin.datasets.annotations import Annotations
from mroi_plugin.datasets.pixel_checks import are_squares

MAX_MISFIT = 0.1
"""Median distance of SMPL's projection from the 2D joints, in sides of the box."""
MIN_JOINTS = 6
PIXELS = 'keypoints2d'
SHARES = {
    '2D': 'keypoints2d',
    '3D': 'keypoints3d',
    'SMPL': 'smpl',
    'camera': 'focal_length',
    'gender': 'gender',
}
"""Columns of the table by what is annotated."""


@dataclass
class Content:
    """One data set of a config.

    Args:
        key: of the config, e.g. ``train_dataloader.dataset``.
        ann_file: annotation file.
        persons: number of samples.
        shares: share of persons, 0 to 1, with ``2D``, ``3D``, ``SMPL``, ``camera``, ``gender``.
        misfit_px: median distance of SMPL's projection from the 2D joints, None if not known.
        problems: one line each, with file, key and sample.
        notes: what could not be checked, and why.
    """

    key: str
    ann_file: str
    persons: int
    shares: dict[str, float]
    misfit_px: float | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def describe(key: str, annotations: Annotations) -> Content:
    """Counts of what is annotated."""
    shares = {label: annotations.shares[name] for label, name in SHARES.items()}
    return Content(key, annotations.source, len(annotations), shares)


def square_boxes(annotations: Annotations, crop: Mapping[str, Any]) -> list[str]:
    """A note if all boxes are squares, and crops are none."""
    width, height = crop.get('crop_size', (1, 1))
    if width == height or not are_squares(annotations.arrays['box_size']).all():
        return []
    return [
        f'{annotations.source}: all boxes are squares, as of files with centers and scales, and '
        f'crops are {width}x{height} px: with square_boxes=True in the config of the data set the '
        'longer side of the crop shows the box, and not more.'
    ]


def repeated_persons(annotations: Annotations) -> list[str]:
    """A note if persons are there more than once: same image, box and 2D joints."""
    arrays = annotations.arrays
    images = np.unique(annotations.image_paths.encoded, return_inverse=True)[1].reshape(-1, 1)
    rows = np.hstack([images, arrays['box_center'], arrays['box_size']])
    _, group, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    group, again = group.reshape(-1), []
    seen: dict[tuple[int, bytes], int] = {}
    for i in np.flatnonzero(count[group] > 1).tolist():
        first = seen.setdefault((int(group[i]), arrays[PIXELS][i].tobytes()), i)
        if first != i:
            again.append((i, first))
    if not again:
        return []
    (sample, first), names = again[0], annotations.image_paths
    return [
        f'{annotations.source}: {len(again)} of {len(names)} persons are there more than once, '
        f'with the same image, box and 2D joints; the first is sample {sample} ({names[sample]}), '
        f'which is sample {first}. They count as often in losses and errors.'
    ]


def check_values(annotations: Annotations) -> list[Finding]:
    """Contradictions that need neither body nor image, of all persons.

    Args:
        annotations: in the convention ``smpl_54``.
    """
    arrays = annotations.arrays
    size = arrays['box_size']
    boxes = np.hstack([arrays['box_center'] - size / 2, size])
    points = arrays[PIXELS]
    known = np.where(arrays['has_transl'] > 0, 1.0, np.nan)[:, None]
    has_smpl = arrays['has_smpl'] > 0
    return [
        *checks.check_rotations('smpl.global_orient', arrays['smpl_global_orient'], has_smpl),
        *checks.check_rotations('smpl.body_pose', arrays['smpl_body_pose'], has_smpl),
        *checks.check_person_size('keypoints3d', arrays['keypoints3d']),
        *checks.check_distance('smpl.transl', arrays['smpl_transl'] * known),
        *checks.check_in_front('smpl.transl', arrays['smpl_transl'] * known),
        *checks.check_betas('smpl.betas', arrays['smpl_betas'] * arrays['has_smpl'][:, None]),
        *checks.check_box_format('bbox_xywh', boxes, points, None),
        *checks.check_box_meets_joints('bbox_xywh', arrays['box_center'], size.max(1), points),
        *_check_masks(arrays),
    ]


def _check_masks(arrays: Mapping[str, np.ndarray]) -> list[Finding]:
    at_corner = (arrays[PIXELS][..., 2] > 0) & ~arrays[PIXELS][..., :2].any(-1)
    at_camera = (arrays['keypoints3d'][..., 3] > 0) & ~arrays['keypoints3d'][..., :3].any(-1)
    blank = ~arrays['smpl_body_pose'].any((1, 2)) & ~arrays['smpl_global_orient'].any(1)
    focal = arrays.get('focal_length', np.ones(0))
    return [
        *findings_of(
            'keypoints2d_mask',
            at_corner.sum(1) > 1,
            'claims joints that lie at (0, 0): set their confidence to 0.',
        ),
        *findings_of(
            'keypoints3d_mask',
            at_camera.sum(1) > 1,
            'claims joints that lie at (0, 0, 0): set their confidence to 0.',
        ),
        *findings_of(
            'has_smpl',
            (arrays['has_smpl'] > 0) & blank,
            'is 1, but pose and orientation are zero: set it to 0 where nothing is known.',
        ),
        *findings_of(
            'cam_param.f', ~(focal > 1), 'is not above 1: expected the focal length in pixels.'
        ),
    ]


def check_body(
    annotations: Annotations, samples: np.ndarray, bodies: AnnotationBodies
) -> tuple[list[Finding], float | None]:
    """Contradictions between SMPL parameters, camera and joints of some persons.

    Args:
        annotations: in the convention ``smpl_54``.
        samples: (n) persons to check.
        bodies: of all genders.

    Returns:
        Findings, and the median distance in px of SMPL's projection from the 2D joints, None where
        no camera or translation is known.
    """
    arrays = {name: array[samples].astype(float) for name, array in annotations.arrays.items()}
    poses = _poses(arrays, annotations.genders[samples])
    joints = bodies.joints(poses)
    known = np.repeat(poses.known[:, None, None], joints.shape[1], 1).astype(float)
    reference = np.concatenate([joints, known], 2)
    exchanged = checks.check_left_right(PIXELS, arrays[PIXELS], reference, 'the SMPL joints')
    solid = check_solid('keypoints3d', arrays['keypoints3d'], reference, 'the SMPL joints')
    findings, rest = [*exchanged, *solid], without(reference, exchanged)
    if 'focal_length' not in arrays or 'principal_point' not in arrays:
        findings += check_pose_in_image(PIXELS, arrays[PIXELS], rest)
        return _renumber(findings, samples), None
    misfit, factor, usable = _reprojection(arrays, poses, joints)
    usable &= rest[..., 3].any(1)
    rest[usable, :, 3] = 0
    findings += check_pose_in_image(PIXELS, arrays[PIXELS], rest)
    side = arrays['box_size'].max(1)
    off = usable & (misfit > MAX_MISFIT * side)
    ratio = float(np.median(factor[off])) if off.any() else 1.0
    findings += findings_of(
        'smpl.transl, cam_param',
        off,
        f'project SMPL off the 2D joints by over {MAX_MISFIT:.0%} of the box'
        + (f', which a focal length {ratio:.2f} times as long would fix' if _mends(ratio) else '')
        + ': expected meters in the frame of the camera and pixels of this very image.',
        usable,
    )
    return _renumber(findings, samples), float(np.median(misfit[usable])) if usable.any() else None


def _mends(ratio: float) -> bool:
    return abs(np.log(max(ratio, 1e-3))) > 0.05


def _poses(arrays: Mapping[str, np.ndarray], genders: np.ndarray) -> Poses:
    return Poses(
        arrays['smpl_global_orient'],
        arrays['smpl_body_pose'],
        arrays['smpl_betas'],
        np.where(arrays['has_transl'][:, None] > 0, arrays['smpl_transl'], np.nan),
        (arrays['has_smpl'] > 0) & (np.abs(arrays['smpl_betas']) <= checks.MAX_BETA).all(1),
        genders,
    )


def _reprojection(
    arrays: Mapping[str, np.ndarray], poses: Poses, joints: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median distance (n) px, best factor (n) on the focal length, and who can be judged (n)."""
    center = arrays['principal_point']
    focal = np.repeat(arrays['focal_length'][:, None], 2, 1)
    pixels = project(joints + poses.transl[:, None], focal, center)
    points, seen = arrays[PIXELS][..., :2], arrays[PIXELS][..., 2] > 0
    seen &= np.isfinite(pixels).all(-1)
    usable = poses.known & np.isfinite(poses.transl).all(1) & (seen.sum(1) >= MIN_JOINTS)
    distance = np.linalg.norm(np.nan_to_num(pixels) - points, axis=-1)
    misfit = np.ma.median(np.ma.masked_array(distance, ~seen), axis=1).filled(np.inf)
    ours, theirs = (np.nan_to_num(x) - center[:, None] for x in (pixels, points))
    weight = seen[..., None]
    factor = (weight * ours * theirs).sum((1, 2)) / (weight * ours**2).sum((1, 2)).clip(1e-6)
    return misfit, factor, usable


def _renumber(findings: list[Finding], samples: np.ndarray) -> list[Finding]:
    return [replace(finding, samples=samples[finding.samples]) for finding in findings]
