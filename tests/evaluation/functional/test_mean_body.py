"""The mean body as a baseline prediction."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.evaluation.functional.mean_body import mean_body_prediction
from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric
from mroi_plugin.models.body_models.smpl import load_mean_params
from mroi_plugin.registry import MODELS

BODY = {'type': 'mroi_plugin.SMPLBody', 'free_body': True}


@pytest.fixture(scope='module')
def person():
    """The mean body once, and the body model."""
    body = MODELS.build(BODY)
    people = mean_body_prediction(body, load_mean_params(free_body=True), 3)
    assert len(people) == 3
    return people[0], body


def test_faces_the_camera_upright(person):
    """Camera frame: y down, z forward; the head is above the feet and the toes point at us."""
    mean, body = person
    regressed = body.J_regressor_h36m.to(mean['pred_vertices']) @ mean['pred_vertices']
    head, ankles = regressed[10], regressed[[3, 6]].mean(0)
    assert head[1] < ankles[1] - 1.2
    left, right = regressed[11], regressed[14]
    assert left[0] > right[0] + 0.2  # its left is on our right: we see its front
    vertices = mean['pred_vertices']
    low = vertices[vertices[:, 1] > vertices[:, 1].max() - 0.05]
    assert low[:, 2].min() < ankles[2] - 0.08  # toes reach towards the camera


def test_is_a_valid_prediction(person):
    mean, _ = person
    assert mean['pred_pose'].shape == (24, 3, 3) and mean['pred_betas'].shape == (10,)
    identity = torch.eye(3).expand(24, 3, 3)
    torch.testing.assert_close(
        mean['pred_pose'] @ mean['pred_pose'].mT, identity, atol=1e-5, rtol=0
    )
    assert mean['pred_vertices'].shape == (6890, 3) and mean['pred_joints'].shape[-1] == 3


def test_the_metric_takes_it_without_cameras(person):
    mean, body = person
    batch = {
        'smpl_global_orient': torch.tensor([[torch.pi, 0, 0], [torch.pi, 0, 0]]),
        'smpl_body_pose': torch.zeros(2, 23, 3),
        'smpl_betas': torch.zeros(2, 10),
        'has_smpl': torch.ones(2),
        'gender': torch.tensor([-1, -1]),
    }
    metric = HumanMeshMetric(BODY)
    metric.process(batch, mean_body_prediction(body, load_mean_params(free_body=True), 2))
    result = metric.evaluate(2)
    assert 0 < result['mesh/mpjpe'] < 400 and 'mesh/camera_residual_px' not in result
