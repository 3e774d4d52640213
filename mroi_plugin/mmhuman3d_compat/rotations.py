"""The rotation conversions that mmhuman3d takes from ``pytorch3d.transforms``, by roma.

Conventions are pytorch3d's: quaternions real part first and non-negative, Euler angles as
``R = R_1 R_2 R_3`` in the order of the letters, 6D as the first two *rows*.
"""

from __future__ import annotations

import roma
import torch
from torch import Tensor


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3), radians."""
    return roma.rotvec_to_rotmat(axis_angle)


def matrix_to_axis_angle(matrix: Tensor) -> Tensor:
    """Rotation vectors (..., 3), radians, of rotation matrices (..., 3, 3)."""
    return roma.rotmat_to_rotvec(matrix)


def axis_angle_to_quaternion(axis_angle: Tensor) -> Tensor:
    """Unit quaternions (..., 4), real part first, of rotation vectors (..., 3), radians."""
    return roma.quat_xyzw_to_wxyz(roma.rotvec_to_unitquat(axis_angle))


def quaternion_to_axis_angle(quaternions: Tensor) -> Tensor:
    """Rotation vectors (..., 3), radians, of quaternions (..., 4), real part first."""
    return roma.unitquat_to_rotvec(_unit_xyzw(quaternions))


def quaternion_to_matrix(quaternions: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), real part first, of any length."""
    return roma.unitquat_to_rotmat(_unit_xyzw(quaternions))


def matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Unit quaternions (..., 4), real part first and not negative, of matrices (..., 3, 3)."""
    quaternions = roma.quat_xyzw_to_wxyz(roma.rotmat_to_unitquat(matrix))
    return torch.where(quaternions[..., :1] < 0, -quaternions, quaternions)


def euler_angles_to_matrix(euler_angles: Tensor, convention: str) -> Tensor:
    """Rotation matrices (..., 3, 3) of angles (..., 3), radians, about e.g. ``XYZ`` in turn."""
    return roma.euler_to_rotmat(convention.upper(), euler_angles)


def matrix_to_euler_angles(matrix: Tensor, convention: str) -> Tensor:
    """Angles (..., 3), radians, about e.g. ``XYZ`` in turn, of matrices (..., 3, 3)."""
    return roma.rotmat_to_euler(convention.upper(), matrix)


def matrix_to_rotation_6d(matrix: Tensor) -> Tensor:
    """The first two rows (..., 6) of matrices (..., 3, 3)."""
    return matrix[..., :2, :].flatten(-2)


def rotation_6d_to_matrix(d6: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) whose first two rows are the orthonormalized (..., 6)."""
    columns = d6.reshape(*d6.shape[:-1], 2, 3).transpose(-1, -2)
    return roma.special_gramschmidt(columns).transpose(-1, -2)


def _unit_xyzw(quaternions: Tensor) -> Tensor:
    unit = quaternions / quaternions.norm(dim=-1, keepdim=True)
    return roma.quat_wxyz_to_xyzw(unit)
