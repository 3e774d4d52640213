"""Every config builds; the papers' networks take a step."""

from __future__ import annotations

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from versions import needs_torch_2

from mroi_plugin.engine.preflight import check_rois
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config

EVERY = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)
ELSEWHERE = ('hosts', 'ablations')
OTHER_MODELS = ('vitpose', 'landmarks')
CONFIGS = [
    p
    for p in EVERY
    if p.parent.name not in ELSEWHERE and not any(name in p.stem for name in OTHER_MODELS)
]
"""The others take their steps in tests/adapters/test_mmhuman3d_estimator.py,
tests/analysis/ablation and tests/models (backbones/test_transformers_backbone.py,
estimators/test_landmark_estimator.py)."""
LARGE = ('mroi_resnet50', 'mroi_hrnet48', 'cliff_resnet50', 'cliff_hrnet48')


def free_model(path) -> MultiRoIEstimator:
    """The model of a config with the free body and without pretrained weights."""
    cfg = Config.fromfile(path).model
    cfg.pop('mmengine_config', None)  # read by the estimator of mmhuman3d's runner alone
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    if cfg.get('target_bodies'):
        cfg.target_bodies.free_body = True
    cfg.backbone.init_cfg = None
    torch.manual_seed(0)
    return MODELS.build(cfg)


def small_batch(num_rois, persons=2, height=64, width=64):
    generator = torch.Generator().manual_seed(0)
    rois = torch.rand(persons, num_rois, 3, generator=generator) * 100 + 80
    return {
        'img': torch.randn(persons, num_rois, 3, height, width, generator=generator),
        'rois': rois,
        'focal_length': torch.full((persons,), 800.0),
        'principal_point': torch.tensor([[320.0, 240.0]]).expand(persons, 2),
        'keypoints2d': torch.rand(persons, 54, 3, generator=generator) * 100,
        'keypoints3d': torch.rand(persons, 54, 4, generator=generator),
        'smpl_body_pose': torch.randn(persons, 23, 3, generator=generator) * 0.2,
        'smpl_global_orient': torch.randn(persons, 3, generator=generator),
        'smpl_betas': torch.randn(persons, 10, generator=generator),
        'has_smpl': torch.ones(persons),
    }


def test_there_are_configs():
    assert {'mroi_synthetic', 'cliff_synthetic', *LARGE} <= {p.stem for p in CONFIGS}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: str(p.relative_to(ROOT)))
def test_model_of_every_config_takes_a_step(path):
    model = free_model(path).train()
    batch = small_batch(model.head.num_rois)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    losses = model(**batch, mode='loss')
    sum(losses.values()).backward()
    untouched = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    # HRNet's heatmap layer is part of the host's backbone and not of its features.
    assert all(n.startswith('backbone.final_layer') for n in untouched), untouched
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients) and any(g.abs().max() > 0 for g in gradients)
    optimizer.step()
    model.eval()
    person = model(**batch, mode='predict')[0]
    assert person['pred_vertices'].shape == (6890, 3) and person['pred_vertices'].isfinite().all()
    assert person['pred_cam_full'].shape == (model.head.num_rois, 3)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_pipelines_and_head_agree_on_the_rois(path):
    cfg = Config.fromfile(path)
    check_rois(cfg)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if 'head' in cfg.model:
            assert cfg[name].dataset.pipeline.crop.num_rois == cfg.model.head.num_rois
    assert cfg.val_dataloader.sampler.round_up is False


@pytest.mark.parametrize(
    ('name', 'lr', 'batch', 'epochs', 'crop'),
    [('resnet50', 1e-4, 48, 25, (224, 224)), ('hrnet48', 5e-5, 20, 15, (192, 256))],
)
@pytest.mark.parametrize('method', ['mroi', 'cliff'])
def test_recipes_are_the_papers(method, name, lr, batch, epochs, crop):
    cfg = Config.fromfile(find_config(f'{method}_{name}'))
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, tuple(optimizer.betas)) == ('Adam', lr, (0.9, 0.999))
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, epochs)
    assert tuple(cfg.train_dataloader.dataset.pipeline.crop.crop_size) == crop
    assert cfg.model.loss_scale == 60
    if method == 'mroi':
        assert cfg.model.head.num_rois == 5


def test_the_printed_losses_are_one_config(monkeypatch):
    monkeypatch.setenv('MROI_ABLATION_DATASET', 'papers')
    losses = Config.fromfile(find_config('losses_as_printed')).model.losses
    weights = {'camera': 1.0, 'contrastive': 0.1, 'keypoints2d': 5.0, 'betas': 0.001}
    assert {name: losses[name].loss_weight for name in weights} == weights
    assert (losses.camera.units, losses.camera.reduction) == ('px', 'sum')
    assert (losses.keypoints2d.robust, losses.keypoints2d.reduction) == (None, 'sum')


def test_cliff_is_the_same_code_with_one_roi():
    cliff = free_model(ROOT / 'configs' / 'cliff' / 'cliff_synthetic.py')
    multi = free_model(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')
    assert type(cliff) is type(multi) and type(cliff.head) is type(multi.head)
    losses = cliff.train()(**small_batch(1), mode='loss')
    assert not {'loss_camera', 'loss_contrastive'} & losses.keys()


def test_checkpoints_hold_no_body():
    keys = free_model(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').state_dict()
    assert not [key for key in keys if key.startswith('body_model')]


def test_nothing_to_supervise_gives_zero_with_a_graph():
    model = free_model(ROOT / 'configs' / 'cliff' / 'cliff_synthetic.py').train()
    batch = small_batch(1)
    batch['has_smpl'] = torch.zeros(2)
    for name in ('keypoints2d', 'keypoints3d'):
        batch[name][..., -1] = 0
    losses = model(**batch, mode='loss')
    assert all(value == 0 and value.requires_grad for value in losses.values())
    sum(losses.values()).backward()


@needs_torch_2
@pytest.mark.parametrize('name', ['mroi_synthetic', 'cliff_synthetic'])
def test_bfloat16_autocast_is_finite_and_close(name):
    model = free_model(find_config(name)).eval()
    batch = small_batch(model.head.num_rois)
    with torch.no_grad():
        exact = model(**batch)['pred_vertices']
        with torch.autocast('cpu', dtype=torch.bfloat16):
            rough = model(**batch)['pred_vertices']
            losses = model(**batch, mode='loss')
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.05
    assert all(value.isfinite() for value in losses.values())
