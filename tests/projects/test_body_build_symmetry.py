"""Steps that make the two sides of the free body mirror images, on small arrays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_humans.free_body import symmetry
from synthetic_humans.free_body.build import pack_weights
from synthetic_humans.free_body.reduction import _unfold
from synthetic_humans.free_body.skeleton import HEADS, joint_of_bone

from mroi_plugin.datasets.transforms.geometry import SMPL_MIRROR
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation

PLACES = np.array([[0, 1, 0], [0.3, 0, 0], [-0.3, 0, 0], [0, 0, 2], [-1, 1, 1], [1, 1, 1]])
TWINS = np.array([0, 2, 1, 3, 5, 4])


def test_joints_change_sides_as_everywhere_else():
    np.testing.assert_array_equal(symmetry.JOINTS, SMPL_MIRROR)
    np.testing.assert_array_equal(symmetry.ROWS['J_regressor_h36m'], flip_permutation('h36m'))
    extra = flip_permutation('smpl_54')[45:] - 45
    np.testing.assert_array_equal(symmetry.ROWS['J_regressor_extra'], extra)
    for joint, bone in enumerate(HEADS):
        assert symmetry.other_side(bone) == HEADS[symmetry.JOINTS[joint]]
        opposite = joint_of_bone(symmetry.other_side(bone))
        assert opposite == symmetry.JOINTS[joint_of_bone(bone)]


def test_twins_are_found_or_the_mesh_refused():
    jitter = 1e-4 * np.random.default_rng(0).standard_normal(PLACES.shape)
    np.testing.assert_array_equal(symmetry.mirror_order(PLACES + jitter), TWINS)
    with pytest.raises(RuntimeError, match=r'no mirror: .*300\.00 mm'):
        symmetry.mirror_order(PLACES + np.array([0.15, 0, 0]))


def test_pose_features_follow_the_mirrored_pose():
    """Feature by feature, ``R - I`` of the mirrored pose is the rearranged one."""
    pose = np.random.default_rng(1).standard_normal((24, 3))

    def features(axis_angles):
        return (Rotation.from_rotvec(axis_angles[1:]).as_matrix() - np.eye(3)).ravel()

    mirrored = features(pose[SMPL_MIRROR] * [1, -1, -1])
    expected = features(pose)[symmetry.FEATURES] * symmetry.FEATURE_SIGNS
    np.testing.assert_allclose(mirrored, expected, atol=1e-12)


def test_averages_are_exact_mirror_images_and_stay():
    rng = np.random.default_rng(2)
    points = symmetry.symmetric_points(rng.standard_normal((4, 6, 3)), TWINS)
    np.testing.assert_array_equal(points[:, TWINS] * [-1, 1, 1], points)
    rows = symmetry.symmetric_rows(rng.random((24, 6)), symmetry.JOINTS, TWINS)
    np.testing.assert_array_equal(rows[symmetry.JOINTS][:, TWINS], rows)
    turns = symmetry.symmetric_pose_directions(rng.standard_normal((6, 3, 207)), TWINS)
    again = symmetry.symmetric_pose_directions(turns, TWINS)
    np.testing.assert_array_equal(again, turns)


def test_strongest_weights_keep_or_drop_both_sides():
    """With five joints of which the last two are a pair, both go."""
    weights = np.zeros((1, 24))
    weights[0, [0, 3, 6, 1, 2]] = 0.4, 0.3, 0.2, 0.05, 0.05
    packed = pack_weights(weights)
    kept = packed['weights_index'][packed['weights_value'] > 0]
    assert set(kept) == {0, 3, 6}
    np.testing.assert_allclose(packed['weights_value'].sum(), 1, atol=1e-3)


def test_a_half_unfolds_to_a_closed_whole():
    """A tetrahedron's half with its border in the middle becomes a closed double pyramid."""
    half = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float32)
    faces = np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]])
    points, whole, twins = _unfold(half, faces)
    np.testing.assert_array_equal(twins, [0, 1, 2, 4, 3])
    np.testing.assert_array_equal(points[twins] * [-1, 1, 1], points)
    edges = {tuple(face[[i, i - 2]]) for face in whole for i in range(3)}
    assert len(edges) == 18 and all(edge[::-1] in edges for edge in edges)
