"""Stand-ins for pytorch3d's rotation conversions: its conventions, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mroi_plugin.mmhuman3d_compat import rotations
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

torch.manual_seed(0)
VECTORS = torch.randn(20, 3, dtype=torch.float64)
VECTORS = 3 * torch.rand(20, 1, dtype=torch.float64) * VECTORS / VECTORS.norm(dim=-1, keepdim=True)


def axis_rotation(letter, angle):
    c, s = math.cos(angle), math.sin(angle)
    return np.array(
        {
            'X': [[1, 0, 0], [0, c, -s], [0, s, c]],
            'Y': [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            'Z': [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[letter]
    )


def test_quaternions_have_their_real_part_first_and_not_negative():
    quarter = torch.tensor([[0.0, 0.0, math.pi / 2]], dtype=torch.float64)
    half = math.sqrt(0.5)
    expected = torch.tensor([[half, 0, 0, half]], dtype=torch.float64)
    torch.testing.assert_close(rotations.axis_angle_to_quaternion(quarter), expected)
    matrices = rotations.axis_angle_to_matrix(VECTORS)
    quaternions = rotations.matrix_to_quaternion(matrices)
    assert (quaternions[:, 0] >= 0).all()
    torch.testing.assert_close(rotations.quaternion_to_matrix(2 * quaternions), matrices)


def test_round_trips():
    matrices = rotations.axis_angle_to_matrix(VECTORS)
    torch.testing.assert_close(rotations.matrix_to_axis_angle(matrices), VECTORS)
    quaternions = rotations.axis_angle_to_quaternion(VECTORS)
    torch.testing.assert_close(rotations.quaternion_to_axis_angle(quaternions), VECTORS)
    six = rotations.matrix_to_rotation_6d(matrices)
    torch.testing.assert_close(six, matrices[:, :2].reshape(-1, 6))
    torch.testing.assert_close(rotations.rotation_6d_to_matrix(2 * six), matrices)


@pytest.mark.parametrize('order', ['XYZ', 'ZYX', 'YXZ'])
def test_euler_angles_multiply_in_the_order_of_the_letters(order):
    angles = torch.tensor([[0.3, -0.4, 0.9]], dtype=torch.float64)
    expected = np.eye(3)
    for letter, angle in zip(order, angles[0].tolist()):
        expected = expected @ axis_rotation(letter, angle)
    matrix = rotations.euler_angles_to_matrix(angles, order)
    np.testing.assert_allclose(matrix[0].numpy(), expected, atol=1e-12)
    torch.testing.assert_close(rotations.matrix_to_euler_angles(matrix, order), angles)


def test_mmhuman3d_converts_with_them():
    load_mmhuman3d()
    from mmhuman3d.utils.transforms import aa_to_rotmat, rotmat_to_quat

    matrix = aa_to_rotmat(VECTORS)
    torch.testing.assert_close(matrix, rotations.axis_angle_to_matrix(VECTORS))
    torch.testing.assert_close(rotmat_to_quat(matrix), rotations.matrix_to_quaternion(matrix))
    assert rotmat_to_quat(matrix.numpy().astype(np.float32)).shape == (20, 4)
