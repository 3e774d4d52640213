"""The joints of the protocol are mmhuman3d's, and lie where their names say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mroi_plugin.evaluation.functional.protocol import (
    H36M_PELVIS,
    H36M_TO_J14,
    J14_NAMES,
    PELVIS_NAME,
    annotated_joints,
    mesh_joints,
)
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.registry import MODELS


def test_joints_are_mmhuman3ds_lsp_joints():
    h36m = keypoint_names('h36m')
    assert tuple(h36m[i] for i in H36M_TO_J14) == J14_NAMES == tuple(keypoint_names('lsp'))
    assert h36m[H36M_PELVIS] == PELVIS_NAME


def test_joints_are_regressed_where_their_names_say():
    """In the T-pose, x to the person's left and y up: legs below, arms aside, head on top."""
    body = MODELS.build({'type': 'mroi_plugin.SMPLBody', 'free_body': True})
    joints, pelvis = mesh_joints(body.v_template[None].float(), body.J_regressor_h36m)
    x, y, _ = (joints[0] - pelvis).numpy().T
    at = {name: i for i, name in enumerate(J14_NAMES)}
    for side, sign in (('left', 1), ('right', -1)):
        for part in ('ankle', 'knee', 'hip_extra', 'shoulder', 'elbow', 'wrist'):
            assert sign * x[at[f'{side}_{part}']] > 0.03, (side, part)
        heights = [y[at[f'{side}_{part}']] for part in ('ankle', 'knee', 'hip_extra', 'shoulder')]
        assert heights == sorted(heights)
        spread = [abs(x[at[f'{side}_{part}']]) for part in ('shoulder', 'elbow', 'wrist')]
        assert spread == sorted(spread)
    assert y[at['headtop']] == y.max() and y[at['headtop']] > y[at['neck_extra']] > 0.3
    assert np.abs(y[[at['left_hip_extra'], at['right_hip_extra']]]).max() < 0.12


def test_regression_is_the_weighted_mean():
    vertices = torch.randn(3, 20, 3)
    regressor = torch.rand(17, 20)
    joints, pelvis = mesh_joints(vertices, regressor)
    expected = np.stack([regressor.double().numpy() @ v.double().numpy() for v in vertices])
    np.testing.assert_allclose(joints.numpy(), expected[:, list(H36M_TO_J14)], atol=1e-5)
    np.testing.assert_allclose(pelvis.numpy(), expected[:, 0], atol=1e-5)


def test_annotated_joints_are_found_by_name():
    names = (PELVIS_NAME, 'nose', *reversed(J14_NAMES))
    keypoints = torch.randn(3, 16, 4).abs()
    keypoints[1, 0, 3] = 0
    keypoints[2, 1, 3] = 0
    joints, pelvis, known = annotated_joints(keypoints, names)
    assert joints.equal(keypoints[:, 2:, :3].flip(1).double())
    assert pelvis.equal(keypoints[:, 0, :3].double())
    assert known.tolist() == [True, False, True]


def test_a_convention_without_the_joints_is_named():
    with pytest.raises(ValueError, match='headtop'):
        annotated_joints(torch.ones(1, 2, 4), (PELVIS_NAME, 'left_knee'))
