"""mmhuman3d's methods under mmengine: their own networks, losses and predictions."""

from __future__ import annotations

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch.utils.data import DataLoader

from mroi_plugin.adapters.adversarial_optim_wrapper import AdversarialOptimWrapper
from mroi_plugin.adapters.mmhuman3d_estimator import MMHuman3DEstimator
from mroi_plugin.apis.test import test as engine_test
from mroi_plugin.apis.train import train as engine_train
from mroi_plugin.engine.config import load_config
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.registry import DATASETS, MODELS

METHODS = ('hmr', 'hmr_adversarial', 'spin', 'host_cliff', 'pare', 'hybrik')
"""All of configs/hosts but PARE's second stage."""
TINY = ('train_dataloader.batch_size=8', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1')


def config(repo, name):
    return load_config(str(repo / 'configs' / 'hosts' / f'{name}_synthetic.py'), 'unused')


def a_batch(cfg):
    return next(iter(DataLoader(DATASETS.build(cfg.train_dataloader.dataset), batch_size=4)))


def build(cfg, seed=0):
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model)
    model.init_weights()
    return model


@pytest.mark.parametrize('name', METHODS)
def test_it_trains_an_epoch_and_tests_through_our_metric(name, repo, in_workspace, tmp_path):
    path = str(repo / 'configs' / 'hosts' / f'{name}_synthetic.py')
    engine_train(path, str(tmp_path), options=TINY)
    metrics = engine_test(path, str(tmp_path / 'epoch_1.pth'), work_dir=str(tmp_path))
    assert metrics['mesh/frames'] == 8 and 10 < metrics['mesh/mpjpe'] < 5000


def test_the_second_stage_of_pare_starts_from_the_first(repo, in_workspace, tmp_path):
    first, second = (
        str(repo / 'configs' / 'hosts' / f'{name}_synthetic.py') for name in ('pare', 'pare_stage2')
    )
    engine_train(first, str(tmp_path / 'first'), options=TINY)
    checkpoint = str(tmp_path / 'first' / 'epoch_1.pth')
    still = (
        *TINY,
        f'load_from={checkpoint}',
        'optim_wrapper.optimizer.lr=0.0',
        'param_scheduler=[]',
    )
    engine_train(second, str(tmp_path / 'second'), options=still)
    a, b = (
        torch.load(path, weights_only=False)['state_dict']['head.pose_mlp.weight']
        for path in (checkpoint, tmp_path / 'second' / 'epoch_1.pth')
    )
    torch.testing.assert_close(a, b)


def test_every_config_is_tested_here(repo):
    names = {path.stem[: -len('_synthetic')] for path in (repo / 'configs' / 'hosts').glob('*.py')}
    assert names == {*METHODS, 'pare_stage2'}


@pytest.mark.parametrize('name', METHODS)
def test_every_parameter_gets_a_finite_gradient(name, repo, in_workspace):
    cfg = config(repo, name)
    model = build(cfg).train()
    batch = model.data_preprocessor(a_batch(cfg), True)
    losses = model(**batch, mode='loss')
    assert all(value.isfinite().all() for value in losses.values())
    sum(value.mean() for value in losses.values()).backward()
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad and '.disc.' not in n}
    missing = [n for n, p in trained.items() if p.grad is None]
    # HybrIK's leaf twists and PARE's lowest stage have no way to a loss in mmhuman3d either.
    assert len(missing) < 0.1 * len(trained), missing
    assert all(p.grad.isfinite().all() for p in trained.values() if p.grad is not None)


@pytest.mark.parametrize('name', ['hmr', 'host_cliff', 'pare', 'hybrik'])
def test_predictions_are_those_of_the_architecture(name, repo, in_workspace):
    cfg = config(repo, name)
    model = build(cfg).eval()
    batch = model.data_preprocessor(a_batch(cfg))
    people = model(**batch, mode='predict')
    with torch.no_grad():
        tensors = model(**batch, mode='tensor')
    raw = model.run_test(batch.pop('img'), batch)
    torch.testing.assert_close(tensors['pred_vertices'], torch.as_tensor(raw['vertices']))
    for i, person in enumerate(people):
        vertices = torch.as_tensor(raw['vertices'][i])
        torch.testing.assert_close(person['pred_vertices'], vertices)
        posed = model.body_model(
            global_orient=person['pred_pose'][None, :1],
            body_pose=person['pred_pose'][None, 1:],
            betas=person['pred_betas'][None],
            pose2rot=False,
        )
        torch.testing.assert_close(posed['vertices'][0], vertices, atol=1e-4, rtol=0)
        assert person['pred_cam_full'].shape == (1, 3)


def test_host_cliff_is_our_cliff(repo, in_workspace):
    """Copied weights give the same outputs: the box numbers, the regressor and the cameras."""
    cfg = config(repo, 'host_cliff')
    host = build(cfg).eval()
    options = load_config(str(repo / 'configs' / 'cliff' / 'cliff_open.py'), 'unused').model
    options.head.decoder = dict(type='HMRRegressor')
    options.head.camera_code = 'linear'
    ours = MODELS.build(options).eval()
    theirs = host.state_dict()
    renamed = {
        'fc1': 'fc1',
        'fc2': 'fc2',
        'decode.pose': 'decpose',
        'decode.betas': 'decshape',
        'decode.cam': 'deccam',
    }
    state = {k: v for k, v in theirs.items() if k.startswith('backbone.')}
    for mine, name in renamed.items():
        for part in ('weight', 'bias'):
            state[f'head.joint_decoder.{mine}.{part}'] = theirs[f'head.{name}.{part}']
    mean = [theirs[f'head.init_{name}'].reshape(-1) for name in ('pose', 'shape', 'cam')]
    state['head.joint_decoder.mean_state'] = torch.cat(mean)
    ours.load_state_dict(state, strict=True)
    batch = a_batch(cfg)
    found = ours(**ours.data_preprocessor(dict(batch)), mode='predict')
    expected = host(**host.data_preprocessor(dict(batch)), mode='predict')
    for a, b in zip(found, expected):
        for name in ('pred_pose', 'pred_betas', 'pred_vertices', 'pred_cam', 'pred_cam_full'):
            torch.testing.assert_close(a[name], b[name], atol=1e-5, rtol=1e-5)


def test_checkpoints_have_the_names_of_mmhuman3d(repo, in_workspace):
    load_mmhuman3d()
    model = build(config(repo, 'hmr_adversarial'))
    names = set(model.state_dict())
    theirs = {
        name
        for name in model.architecture.state_dict()
        if not name.startswith(('body_model_train.', 'body_model_test.'))
    }
    assert names == theirs
    # Their own checkpoints also hold the body models.
    stored = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    stored['body_model_train.v_template'] = torch.zeros(6890, 3)
    model.load_state_dict(stored, strict=True)
    assert all((value == 0).all() for value in model.state_dict().values())


PLAIN = {'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 1.0}}
"""With SGD of rate 1 a parameter moves by its gradient."""


def adversarial_step(cfg, generator=PLAIN, disc=PLAIN):
    """One step; returns what each part moved by and the logged losses."""
    torch.manual_seed(0)
    model = build(cfg).train()
    wrapper = AdversarialOptimWrapper({'generator': dict(generator), 'disc': dict(disc)})(model)
    parts = {
        'disc': list(model.discriminator.parameters()),
        'generator': [
            p
            for name, p in model.architecture.named_parameters()
            if p.requires_grad and not name.startswith('disc.')
        ],
    }
    for name, parameters in parts.items():
        held = {id(p) for g in wrapper[name].optimizer.param_groups for p in g['params']}
        assert {id(p) for p in parameters} <= held, name
    before = {name: [p.detach().clone() for p in ps] for name, ps in parts.items()}
    torch.manual_seed(0)
    losses = model.train_step(a_batch(cfg), wrapper)
    moved = {
        name: torch.cat([(p.detach() - q).flatten() for p, q in zip(ps, before[name])])
        for name, ps in parts.items()
    }
    return moved, losses


def test_both_optimizers_step_and_clip(repo, in_workspace):
    cfg = config(repo, 'hmr_adversarial')
    moved, losses = adversarial_step(
        cfg, {**PLAIN, 'clip_grad': {'max_norm': 0.1}}, {**PLAIN, 'clip_grad': {'max_norm': 0.01}}
    )
    assert {'loss', 'loss_adv', 'loss_disc_real', 'loss_disc_fake'} <= set(losses)
    free, _ = adversarial_step(cfg)
    for name, limit in (('generator', 0.1), ('disc', 0.01)):
        assert free[name].norm() > limit
        assert moved[name].norm() == pytest.approx(limit, rel=1e-2), name


def test_the_generator_does_not_train_the_discriminator(repo, in_workspace):
    """Its step comes from real and fake scores alone, whatever the generator's loss is."""
    cfg = config(repo, 'hmr_adversarial')
    first, _ = adversarial_step(cfg)
    cfg.model.architecture.loss_keypoints3d.loss_weight = 1e4
    second, _ = adversarial_step(cfg)
    torch.testing.assert_close(first['disc'], second['disc'])
    assert not torch.allclose(first['generator'], second['generator'])


def test_adversarial_training_resumes(repo, in_workspace, tmp_path):
    """Both optimizers are in the checkpoint: two epochs are one and one."""
    path = str(repo / 'configs' / 'hosts' / 'hmr_adversarial_synthetic.py')
    two = ('train_dataloader.batch_size=8', 'train_cfg.max_epochs=2', 'param_scheduler=[]')
    engine_train(path, str(tmp_path / 'whole'), options=two)
    one = (two[0], 'train_cfg.max_epochs=1', two[2])
    engine_train(path, str(tmp_path / 'parts'), options=one)
    engine_train(path, str(tmp_path / 'parts'), resume='auto', options=two)
    whole, parts = (
        torch.load(tmp_path / name / 'epoch_2.pth', weights_only=False)['state_dict']
        for name in ('whole', 'parts')
    )
    torch.testing.assert_close(whole, parts)


def test_the_kind_of_optimizer_must_fit(repo, in_workspace):
    model = build(config(repo, 'hmr'))
    with pytest.raises(TypeError, match='no discriminator'):
        AdversarialOptimWrapper({'generator': PLAIN, 'disc': PLAIN})(model)
    other = build(config(repo, 'hmr_adversarial'))
    with pytest.raises(TypeError, match='AdversarialOptimWrapper'):
        other.train_step({}, build_optim_wrapper(other, dict(PLAIN)))
    with pytest.raises(ValueError, match='exactly generator and disc'):
        AdversarialOptimWrapper({'head': {}})


def test_unknown_mode_is_refused(repo, in_workspace):
    model = build(config(repo, 'hmr'))
    assert isinstance(model, MMHuman3DEstimator)
    with pytest.raises(ValueError, match='mode'):
        model(torch.zeros(1, 1, 3, 64, 64), mode='train')
