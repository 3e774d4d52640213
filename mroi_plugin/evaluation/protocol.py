"""The evaluation protocol: which joints are compared, and what the ground truth of a batch is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.datasets.annotations import GENDER_NAMES
from mroi_plugin.models.targets import smpl_targets
from mroi_plugin.registry import MODELS

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
        vertices: (N, V, 3) metres.
        regressor: (17, V) Human3.6M joint regressor.
        joint_set: one of `JOINT_SETS`, of J joints.

    Returns:
        Joints (N, J, 3) and pelvis (N, 3), float64, metres.
    """
    joints = torch.einsum('jv,nvc->njc', regressor.to(vertices), vertices).double()
    return joints[:, list(JOINT_SETS[joint_set][0])], joints[:, H36M_PELVIS]


def annotated_joints(
    keypoints3d: Tensor, names: tuple[str, ...], joint_set: str = 'lsp_14'
) -> tuple[Tensor, Tensor, Tensor]:
    """The same joints and pelvis as annotated, for data sets with motion-captured joints.

    Args:
        keypoints3d: (N, K, 4) metres and confidence.
        names: the K joint names of the convention.
        joint_set: one of `JOINT_SETS`, of J joints.

    Returns:
        Joints (N, J, 3) and pelvis (N, 3), float64, metres, and who has them all, (N) bool.

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
    joints = keypoints3d[:, [names.index(name) for name in wanted]].double()
    pelvis = keypoints3d[:, names.index(PELVIS_NAME)].double()
    complete = (joints[..., 3] > 0).all(-1) & (pelvis[..., 3] > 0)
    return joints[..., :3], pelvis[..., :3], complete


class GenderedBodies:
    """Bodies of the three genders from one config, each built when a sample needs it.

    Args:
        body_model: config of `SMPLBody` without ``gender``.
    """

    def __init__(self, body_model: dict[str, Any]) -> None:
        self.body_model = dict(body_model)
        self._built: dict[str, nn.Module] = {}

    def get(self, gender: str, device: torch.device) -> nn.Module:
        """The body of ``male``, ``female`` or ``neutral`` on a device."""
        if gender not in self._built:
            body = MODELS.build({**self.body_model, 'gender': gender})
            self._built[gender] = body.eval().requires_grad_(False)
        return self._built[gender].to(device)

    @torch.no_grad()
    def vertices(self, batch: dict[str, Any], device: torch.device) -> Tensor:
        """Pose every person of a batch with the body of its own gender.

        Args:
            batch: ``smpl_global_orient`` (N, 3), ``smpl_body_pose`` (N, 23, 3) axis-angle,
                ``smpl_betas`` (N, 10) and ``gender`` (N) as 0 male, 1 female, -1 neutral.
            device: where to compute.

        Returns:
            (N, V, 3) metres, without translation.

        Raises:
            ValueError: for any other gender code.
        """
        pose, betas = (x.to(device) for x in smpl_targets(batch))
        codes = torch.as_tensor(batch['gender'])
        unknown = set(codes.tolist()) - set(GENDER_NAMES)
        if unknown:
            raise ValueError(f'gender={sorted(unknown)}: expected 0 male, 1 female, -1 neutral.')
        parts, order = [], []
        for code in sorted(set(codes.tolist())):
            who = (codes == code).nonzero()[:, 0]
            order.append(who)
            parts.append(
                self._pose(GENDER_NAMES[code], pose[who.to(device)], betas[who.to(device)])
            )
        return torch.cat(parts)[torch.cat(order).argsort().to(device)]

    def _pose(self, gender: str, pose: Tensor, betas: Tensor) -> Tensor:
        body = self.get(gender, pose.device)
        posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
        return posed['vertices']
