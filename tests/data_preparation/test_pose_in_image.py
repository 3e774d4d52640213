"""Poses are compared with 2D joints wherever the body stands."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.data_preparation.reprojection import check_pose_in_image
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

HEAD = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
SHOWN = {
    'head and a shoulder': (*HEAD, 'left_shoulder'),
    'head and shoulders': (*HEAD, 'left_shoulder', 'right_shoulder'),
    'the whole body': tuple(keypoint_names('smpl_54')),
}


def joints(truth, shown, turned=False):
    """50 views of every person: the body's joints (n, 54, 4) m and 2D joints (n, 54, 3) px, 100 px
    per meter, of which some are shown, 4 cm off."""
    rng, names = np.random.default_rng(0), keypoint_names('smpl_54')
    body = np.repeat(
        np.concatenate([truth.joints, np.ones((*truth.joints.shape[:2], 1))], 2), 50, 0
    )
    known = np.array([name in SHOWN[shown] for name in names], float)
    flat = body[..., :2] * (1, -1) if turned else body[..., :2]
    points = 100 * (flat + rng.normal(scale=0.04, size=flat.shape)) + 300
    seen = np.broadcast_to(known[:, None], (*points.shape[:2], 1))
    return np.concatenate([points, seen], 2), body


@pytest.mark.parametrize('shown', SHOWN)
def test_rough_joints_are_no_other_pose(truth, shown):
    points, body = joints(truth, shown)
    assert (points[..., 2] > 0).sum(1).min() >= 6
    found = check_pose_in_image('keypoints2d', points, body)
    assert all(finding.rare for finding in found), len(found[0].samples)


def test_upside_down_is(truth):
    (finding,) = check_pose_in_image('keypoints2d', *joints(truth, 'the whole body', turned=True))
    assert len(finding.samples) == finding.judged == 50 * len(truth.joints)


def test_nobody(truth):
    points, body = joints(truth, 'the whole body')
    assert check_pose_in_image('keypoints2d', points[:0], body[:0]) == []
