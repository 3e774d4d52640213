"""Checks that values mean what their key says: meters, pixels, x y w h, left and right."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation.left_right import MIN_JOINTS, swapped_samples
from mroi_plugin.datasets.annotation_errors import Finding, findings_of
from mroi_plugin.datasets.annotation_notes import MAX_BETA
from mroi_plugin.datasets.pixel_checks import sticks_out_unless_corners

MAX_PERSON_M = 10.0
"""No person is larger; joints in millimeters span hundreds."""
MAX_DISTANCE_M = 200.0
"""No annotated person stands farther from the camera."""
MAX_ANGLE = 2 * np.pi
"""Radians: fits go beyond pi, which is enough for any rotation, but not beyond a whole turn."""


def check_person_size(key: str, points: np.ndarray) -> list[Finding]:
    """Joints must be in meters.

    Args:
        key: key of the file.
        points: (N, K, 4), confidence last.
    """
    known = points[..., -1:] > 0
    low = np.where(known, points[..., :3], np.inf).min(1)
    high = np.where(known, points[..., :3], -np.inf).max(1)
    extent = np.where(known.any(1), high - low, 0).max(1)
    worst = float(extent.max(initial=0))
    return findings_of(
        key,
        extent > MAX_PERSON_M,
        f'span up to {worst:.0f}, expected less than 3 meters: these look like millimeters, divide '
        'by 1000.',
    )


def check_rotations(key: str, rotations: np.ndarray, known: np.ndarray) -> list[Finding]:
    """Rotations must be axis-angle in radians.

    Args:
        key: key of the file.
        rotations: (N, ..., 3).
        known: (N) whose they are.
    """
    angles = np.linalg.norm(np.nan_to_num(rotations), axis=-1).reshape(len(rotations), -1).max(1)
    known = np.asarray(known) > 0
    worst = np.max(angles, where=known, initial=0)
    return findings_of(
        key,
        known & (angles > MAX_ANGLE),
        f'turn by up to {worst:.0f}, expected axis-angle in radians, at most pi: these look like '
        'degrees, multiply by pi / 180.',
        known,
    )


def check_betas(key: str, betas: np.ndarray) -> list[Finding]:
    """Shape coefficients (N, 10) must be those of a person; NaN where unknown."""
    largest = np.abs(np.nan_to_num(betas)).max(1)
    return findings_of(
        key,
        largest > MAX_BETA,
        f'go up to {largest.max(initial=0):.0f}, expected within {MAX_BETA:.0f} standard '
        'deviations: a fit went astray, or they are of another model; drop them or set has_smpl '
        'to 0.',
    )


def check_distance(key: str, translations: np.ndarray) -> list[Finding]:
    """Translations (N, 3) must be in meters; NaN where unknown."""
    distance = np.linalg.norm(np.nan_to_num(translations), axis=1)
    return findings_of(
        key,
        distance > MAX_DISTANCE_M,
        f'is up to {distance.max(initial=0):.0f} from the camera, expected less than '
        f'{MAX_DISTANCE_M:.0f} meters: these look like millimeters, divide by 1000.',
    )


def check_in_front(key: str, translations: np.ndarray) -> list[Finding]:
    """Translations (N, 3) must be in front of the camera; NaN where unknown."""
    depth = np.nan_to_num(translations[:, 2])
    return findings_of(
        key,
        depth < 0,
        f'is as far as {-depth.min(initial=0):.3g} m behind the camera, expected z > 0 in the axes '
        'of the camera, z forward: transform them, or leave them out.',
    )


def corners_of_joints(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest box around the known joints.

    Args:
        points: (N, K, 3) px, confidence last.

    Returns:
        (N, 4) x1, y1, x2, y2 px, NaN where fewer than `MIN_JOINTS` are known, and (N) whether
        there are enough.
    """
    known = points[..., -1:] > 0
    low = np.where(known, points[..., :2], np.inf).min(1)
    high = np.where(known, points[..., :2], -np.inf).max(1)
    enough = known[..., 0].sum(1) >= MIN_JOINTS
    return np.where(enough[:, None], np.hstack([low, high]), np.nan), enough


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (N) of boxes (N, 4) x1, y1, x2, y2; 0 for NaN."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.clip(sides, 0, None).prod(1)
    areas = [np.clip(box[:, 2:] - box[:, :2], 0, None).prod(1) for box in (a, b)]
    union = areas[0] + areas[1] - shared
    return np.nan_to_num(shared / np.where(union > 0, union, 1))


def check_box_format(
    key: str, boxes: np.ndarray, points: np.ndarray, size: np.ndarray | None
) -> list[Finding]:
    """Boxes must be x, y, w, h, not x1, y1, x2, y2.

    Compared with the joints; without joints, with the size of the image.

    Args:
        key: key of the file.
        boxes: (N, 4) px.
        points: (N, K, 3) px, confidence last; confidence 0 where unknown.
        size: (N, 2) width and height of the images, px, if known.
    """
    as_xywh = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    ordered = (boxes[:, 2:] > boxes[:, :2]).all(1)
    joints, enough = corners_of_joints(points)
    given, other = _overlap(as_xywh, joints), _overlap(boxes, joints)
    suspect = ordered & enough & (other > 0.3) & (given < 0.6 * other)
    if size is not None:
        suspect |= ~enough & sticks_out_unless_corners(boxes, size, 1.5)
    return findings_of(
        key,
        suspect,
        'fit better as x1, y1, x2, y2 than as x, y, w, h: subtract the corner to get w and h.',
        np.ones(len(boxes)),
    )


def check_box_meets_joints(
    keys: str, center: np.ndarray, side: np.ndarray, points: np.ndarray
) -> list[Finding]:
    """A box of center and side must hold its joints and be of their size.

    Args:
        keys: keys of the file.
        center: (N, 2) px.
        side: (N) px.
        points: (N, K, 3) px, confidence last.
    """
    corners, enough = corners_of_joints(points)
    extent = (corners[:, 2:] - corners[:, :2]).max(1)
    middle = (corners[:, 2:] + corners[:, :2]) / 2
    with np.errstate(invalid='ignore'):
        huge = enough & (side > 20 * extent)
        tiny = enough & (side < 0.2 * extent)
        off = enough & ~huge & ~tiny & (np.abs(middle - center) > side[:, None] / 2 + 1).any(1)
    return [
        *findings_of(
            keys, huge, 'make boxes over 20 times as large as the joints: scale is side / 200.'
        ),
        *findings_of(keys, tiny, 'make boxes much smaller than the joints: scale is side / 200.'),
        *findings_of(
            keys,
            off,
            'make boxes that lie beside the joints: center is x, y of the middle, pixels.',
        ),
    ]


def check_box_meets_image(key: str, boxes: np.ndarray, size: np.ndarray | None) -> list[Finding]:
    """Boxes (N, 4) x, y, w, h must meet their images of sizes (N, 2); pixels."""
    if size is None:
        return []
    outside = (boxes[:, :2] >= size).any(1) | (boxes[:, :2] + boxes[:, 2:] <= 0).any(1)
    return findings_of(key, outside, 'lie outside the image: expected pixels of this very image.')


def check_left_right(key: str, points: np.ndarray, reference: np.ndarray, of: str) -> list[Finding]:
    """See `swapped_samples`; ``of`` names the reference."""
    swapped, judged = swapped_samples(points, reference)
    return findings_of(
        key,
        swapped,
        f'fit {of} only with left and right exchanged: the joints are in another order.',
        judged,
    )
