"""A local camera that starts anywhere finds the person again."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.cameras import encode_bbox_info, full_to_crop_camera
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.losses.reprojection import ReprojectionLoss

STARTS = [-5.0, -2.0, 0.0, 3.0, 5.0]
"""Of the logarithm of the scale."""
STEPS = {'HMRRegressor': 250, 'MLPRegressor': 500}
"""HMR's takes three steps from the mean in each pass, the other one."""
FOCAL = 1000.0


def scene():
    """Three people with known full cameras: joints, RoIs (3, 1, 3) and what an image shows."""
    torch.manual_seed(0)
    joints = torch.randn(3, 14, 3) * torch.tensor([0.25, 0.5, 0.15])
    full = torch.tensor([[0.2, 0.1, 6.0], [-0.5, 0.2, 9.0], [0.0, 0.0, 4.0]])[:, None]
    sides = 2 * FOCAL / (0.9 * full[..., 2])
    centers = FOCAL * full[..., :2] / full[..., 2:]
    rois = torch.cat([centers, sides[..., None]], dim=-1)
    local = full_to_crop_camera(full, rois, torch.full_like(sides, FOCAL))
    pixels = FullCameraProjector()(joints, local, rois, torch.full((3,), FOCAL))[:, 0]
    return joints, rois, pixels


def fit(head: RoIAwareFusionHead, steps: int, rate: float) -> float:
    """Train with AdamW by reprojection alone; returns the mean error in pixels."""
    joints, rois, pixels = scene()
    batch = {
        'rois': rois,
        'keypoints2d': torch.cat([pixels, torch.ones(3, 14, 1)], dim=-1),
        'focal_length': torch.full((3,), FOCAL),
        'principal_point': torch.zeros(3, 2),
    }
    features = torch.randn(3, 1, 16)
    info = encode_bbox_info(rois, batch['focal_length'][:, None])
    loss, optimizer = ReprojectionLoss(), torch.optim.AdamW(head.parameters(), lr=rate)
    for _ in range(steps):
        camera = head(features, info)['pred_cam']
        optimizer.zero_grad()
        (300 * loss({'pred_joints': joints, 'pred_cam': camera}, batch)).backward()
        optimizer.step()
    seen = loss.projector(joints, camera.detach(), rois, batch['focal_length'])[:, 0]
    return (seen - pixels).norm(dim=-1).mean().item()


@pytest.mark.parametrize(('width', 'rate'), [(64, 1e-3), (1024, 1e-4)])
@pytest.mark.parametrize('kind', ['HMRRegressor', 'MLPRegressor'])
@pytest.mark.parametrize('mesh_from', ['roi', 'mean'])
@pytest.mark.parametrize('start', STARTS)
def test_any_start_recovers(start, mesh_from, kind, width, rate):
    torch.manual_seed(1)
    head = RoIAwareFusionHead(
        16,
        1,
        fusion={'score': 'none'},
        mesh_from=mesh_from,
        decoder={'type': kind, 'hidden_channels': (width, width), 'dropout': 0.0},
    )
    decoder = head.joint_decoder if mesh_from == 'roi' else head.camera_decoder
    with torch.no_grad():
        decoder.mean_state[-3] = start
    assert fit(head, STEPS[kind], rate) < 5
