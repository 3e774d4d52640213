"""The evaluation protocol: which joints are compared, and what the ground truth of a batch is."""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.utils.indices import on_device

H36M_TO_J14 = (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10)
"""The 14 LSP joints among the 17 of the Human3.6M regressor."""
H36M_PELVIS = 0
J14_NAMES = (
    'right_ankle',
    'right_knee',
    'right_hip_extra',
    'left_hip_extra',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'neck_extra',
    'headtop',
)
"""mmhuman3d's names of those joints, in the same order."""
PELVIS_NAME = 'pelvis_extra'
JOINT_SETS = {
    'lsp_14': (H36M_TO_J14, J14_NAMES),
    'h36m_17': (
        (*H36M_TO_J14, 0, 7, 9),
        (*J14_NAMES, PELVIS_NAME, 'spine_extra', 'head_extra'),
    ),
}
"""Joints that are compared: their places among the 17 of the Human3.6M regressor, and mmhuman3d's
names. ``lsp_14`` is the usual set; MPI-INF-3DHP is evaluated on all 17."""


def mesh_joints(
    vertices: Tensor, regressor: Tensor, joint_set: str = 'lsp_14'
) -> tuple[Tensor, Tensor]:
    """Regress the compared joints and the pelvis that errors are relative to.

    Args:
        vertices: (N, V, 3) meters.
        regressor: (17, V) Human3.6M joint regressor.
        joint_set: one of `JOINT_SETS`, of J joints.

    Returns:
        Joints (N, J, 3) and pelvis (N, 3), float64, meters.
    """
    joints = torch.einsum('jv,nvc->njc', regressor.to(vertices), vertices).double()
    wanted = on_device(JOINT_SETS[joint_set][0], joints.device)
    return joints[:, wanted], joints[:, H36M_PELVIS]


def annotated_joints(
    keypoints3d: Tensor, names: tuple[str, ...], joint_set: str = 'lsp_14'
) -> tuple[Tensor, Tensor, Tensor]:
    """The same joints and pelvis as annotated, for data sets with motion-captured joints.

    Args:
        keypoints3d: (N, K, 4) meters and confidence.
        names: the K joint names of the convention.
        joint_set: one of `JOINT_SETS`, of J joints.

    Returns:
        Joints (N, J, 3) and pelvis (N, 3), float64, meters, and who has them all, (N) bool.

    Raises:
        ValueError: if the convention lacks one of the joints.
    """
    wanted = JOINT_SETS[joint_set][1]
    missing = sorted({*wanted, PELVIS_NAME} - set(names))
    if missing:
        raise ValueError(
            f"gt_source='keypoints3d': the keypoint convention has no {', '.join(missing)}; "
            "load the data in the convention 'smpl_54'."
        )
    places = on_device([names.index(name) for name in wanted], keypoints3d.device)
    joints = keypoints3d[:, places].double()
    pelvis = keypoints3d[:, names.index(PELVIS_NAME)].double()
    complete = (joints[..., 3] > 0).all(-1) & (pelvis[..., 3] > 0)
    return joints[..., :3], pelvis[..., :3], complete
