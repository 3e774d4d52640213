"""Backbones of transformers under the same head."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from versions import needs_torch_2

from mroi_plugin.models.backbones.transformers_backbone import TransformersBackbone
from mroi_plugin.registry import MODELS

pytestmark = needs_torch_2
transformers = pytest.importorskip('transformers')
TINY = {
    'image_size': [64, 48],
    'patch_size': [16, 16],
    'hidden_size': 32,
    'num_hidden_layers': 2,
    'num_attention_heads': 2,
    'out_features': ['stage2'],
}
VITPOSE = {'model_type': 'vitpose_backbone', **TINY}
DINO = {'model_type': 'dinov2', **TINY, 'image_size': 64, 'patch_size': 16}


@pytest.mark.parametrize('config', [VITPOSE, DINO], ids=['vitpose', 'dinov2'])
def test_a_map_in_the_order_of_the_image(config):
    """A patch of the crop is the place of its features: what is right there is right here."""
    torch.manual_seed(0)
    backbone = TransformersBackbone(config).eval()
    crops = torch.zeros(1, 3, 64, 48)
    base = backbone(crops)
    assert base.shape == (1, 32, 4, 3)
    for row, column in ((0, 2), (3, 0), (2, 1)):
        marked = crops.clone()
        marked[..., 16 * row + 4 : 16 * row + 12, 16 * column + 4 : 16 * column + 12] = 3
        moved = (backbone(marked) - base).norm(dim=1)[0]
        assert moved.argmax().item() == 3 * row + column


def test_weights_of_a_saved_pose_network(tmp_path):
    config = transformers.VitPoseConfig(
        backbone_config=transformers.VitPoseBackboneConfig(**TINY), num_labels=17
    )
    saved = transformers.VitPoseForPoseEstimation(config)
    saved.save_pretrained(tmp_path)
    backbone = TransformersBackbone(pretrained=str(tmp_path)).eval()
    expected = saved.backbone.eval().state_dict()
    found = backbone.encoder.state_dict()
    assert found.keys() == expected.keys()
    assert all(found[key].equal(expected[key]) for key in expected)


def test_the_whole_network_takes_a_step(repo):
    cfg = Config.fromfile(repo / 'configs' / 'mroi' / 'mroi_vitpose_base.py').model
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    cfg.backbone = {'type': 'TransformersBackbone', 'config': VITPOSE, 'checkpointing': True}
    cfg.head.in_channels = 32
    torch.manual_seed(0)
    model = MODELS.build(cfg).train()
    rois = torch.rand(2, 5, 3) * 100 + 80
    batch = {
        'img': torch.randn(2, 5, 3, 64, 48), 'rois': rois, 'focal_length': torch.full((2,), 800.0),
        'principal_point': torch.full((2, 2), 300.0), 'keypoints2d': torch.rand(2, 54, 3) * 100,
        'keypoints3d': torch.rand(2, 54, 4), 'smpl_body_pose': torch.randn(2, 23, 3) * 0.2,
        'smpl_global_orient': torch.randn(2, 3), 'smpl_betas': torch.randn(2, 10),
        'has_smpl': torch.ones(2),
    }  # fmt: skip
    sum(model(**batch, mode='loss').values()).backward()
    encoder = [p for p in model.backbone.parameters() if p.requires_grad]
    assert sum(p.grad is not None and p.grad.abs().max() > 0 for p in encoder) > len(encoder) * 0.9


@pytest.mark.parametrize(
    ('config', 'size', 'message'),
    [(VITPOSE, (80, 48), '64x48'), (DINO, (64, 40), r'multiples of its patch \(16, 16\)')],
)
def test_crops_that_do_not_fit(config, size, message):
    with pytest.raises(ValueError, match=message):
        TransformersBackbone(config)(torch.zeros(1, 3, *size))


def test_bad_options(monkeypatch):
    with pytest.raises(ValueError, match='either config or pretrained'):
        TransformersBackbone()
    with pytest.raises(FileNotFoundError, match='huggingface-cli download'):
        TransformersBackbone(pretrained='no/such/folder')
    monkeypatch.setitem(__import__('sys').modules, 'transformers', None)
    with pytest.raises(ImportError, match=r'mroi_plugin\[transformers\]'):
        TransformersBackbone(VITPOSE)


def test_one_of_several_experts():
    config = {**VITPOSE, 'num_experts': 3, 'part_features': 8}
    torch.manual_seed(0)
    backbone = TransformersBackbone(config, expert=1).eval()
    crops = torch.randn(2, 3, 64, 48)
    features = backbone(crops)
    for layer in backbone.encoder.encoder.layer:
        layer.mlp.experts[0].weight.data.zero_()
    assert backbone(crops).equal(features)
    for layer in backbone.encoder.encoder.layer:
        layer.mlp.experts[1].weight.data.zero_()
    assert not backbone(crops).allclose(features)
    with pytest.raises(ValueError, match='expert=3, the network has 3'):
        TransformersBackbone(config, expert=3)
