"""Every number of RoIs: the whole head, forward and backward."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.losses.camera_consistency import CameraConsistencyLoss
from mroi_plugin.models.losses.multi_roi_contrastive import MultiRoIContrastiveLoss

SCORES = {
    'mlp': 'subtract_then_encode',
    'pair_mlp': 'subtract_then_encode',
    'linear': 'subtract_then_encode',
    'self_attention': 'absolute',
    'none': 'none',
}


@pytest.mark.parametrize('camera_from', ['each', 'shared'])
@pytest.mark.parametrize('num_rois', [1, 2, 3, 5, 8, 16])
@pytest.mark.parametrize('score', SCORES)
def test_the_head_trains(score, num_rois, camera_from):
    torch.manual_seed(0)
    head = RoIAwareFusionHead(
        8,
        num_rois,
        fusion={'score': score, 'relation': SCORES[score]},
        embedding={},
        camera_from=camera_from,
        bbox_condition='all',
        decoder={'type': 'HMRRegressor', 'hidden_channels': (16, 16)},
    )
    features = torch.randn(3, num_rois, 8, requires_grad=True)
    out = head.train()(features, torch.randn(3, num_rois, 3).abs() + 0.5, supervise=True)
    assert out['pred_cam'].shape == (3, num_rois, 3)
    assert out['fusion_weights'].shape == (3, num_rois, num_rois)
    rois = torch.cat([100 * torch.randn(3, num_rois, 2), torch.full((3, num_rois, 1), 200.0)], -1)
    loss = CameraConsistencyLoss()(out, {'rois': rois}) + out['pred_pose'].square().sum()
    if num_rois > 1:
        loss = loss + MultiRoIContrastiveLoss()(out, {})
    loss.backward()
    assert features.grad.isfinite().all() and features.grad.abs().max() > 0
