"""mmhuman3d's unmodified runner and test loop with our model, on real files."""

from __future__ import annotations

import json

import pytest
import torch
from stock import load
from stock import test as stock_test
from stock import train as stock_train

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.registry import DATASETS, MODELS
from mroi_plugin.utils.config_files import find_config

SMALL = {
    'model.head.decoder.hidden_channels': (32, 32),
    'data.samples_per_gpu': 8,
    'data.workers_per_gpu': 1,
    'runner.max_epochs': 2,
    'log_config.interval': 1,
}
FIXED_ORDER = {'augment': None, 'noise': None}


@pytest.fixture(scope='module')
def config(repo):
    load_mmhuman3d()
    return repo / 'configs' / 'mmhuman3d' / 'mroi_synthetic.py'


def losses_of(work_dir):
    """Losses by iteration of mmcv's json log."""
    (log,) = work_dir.glob('*.log.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line.get('mode') == 'train']


def errors_of(work_dir):
    (log,) = work_dir.glob('*.log.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line.get('mode') == 'val']


def test_it_trains_validates_and_tests(config, in_workspace, tmp_path):
    cfg = load(config, tmp_path, **SMALL)
    stock_train(cfg)
    assert len(losses_of(tmp_path)) == 2 * 4
    assert {'loss_camera', 'loss_contrastive', 'loss'} <= set(losses_of(tmp_path)[0])
    last = errors_of(tmp_path)[-1]
    found = stock_test(load(config, tmp_path, **SMALL), tmp_path / 'epoch_2.pth')
    assert set(found) == {'MPJPE', 'PA-MPJPE', 'PVE'}
    for name, value in found.items():
        assert 10 < value < 5000 and value == pytest.approx(last[name], abs=1e-3)


def test_it_resumes(config, in_workspace, tmp_path):
    stock_train(load(config, tmp_path / 'whole', **SMALL))
    half = {**SMALL, 'runner.max_epochs': 1}
    stock_train(load(config, tmp_path / 'part', **half))
    again = {**SMALL, 'resume_from': str(tmp_path / 'part' / 'epoch_1.pth')}
    stock_train(load(config, tmp_path / 'rest', **again))
    rest = losses_of(tmp_path / 'rest')
    assert [(line['epoch'], line['iter']) for line in rest] == [(2, i) for i in range(1, 5)]


@DATASETS.register_module()
class InOrder(torch.utils.data.Dataset):
    """Samples one after another whatever index is asked for: both runners shuffle differently."""

    def __init__(self, dataset):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.count = 0

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        sample = self.dataset[self.count % len(self)]
        self.count += 1
        return sample


def stock_losses(config, work_dir, initial, iterations):
    """20 iterations of mmhuman3d's runner from given weights."""
    from mmhuman3d.apis import set_random_seed, train_model
    from mmhuman3d.data.datasets import build_dataset
    from mmhuman3d.models.architectures.builder import build_architecture

    # One worker: the host wants persistent workers, of which torch must have one.
    small = {**SMALL, 'runner.max_epochs': iterations // 4}
    cfg = load(config, work_dir, **small, lr_config={'_delete_': True, 'policy': 'fixed'})
    cfg.data.train.pipeline.update(FIXED_ORDER)
    set_random_seed(0)
    model = build_architecture(cfg.model)
    model.load_state_dict(torch.load(initial, weights_only=True))
    train_model(model, [InOrder(build_dataset(cfg.data.train))], cfg, device='cpu', meta={})
    return losses_of(work_dir)


def engine_losses(repo, work_dir, initial, iterations):
    """The same under mmengine's Runner."""
    from mmengine.runner import Runner

    from mroi_plugin.engine.config import load_config

    cfg = load_config(str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), str(work_dir))
    cfg.model.head.decoder.hidden_channels = (32, 32)
    cfg.train_dataloader.dataset.pipeline.update(FIXED_ORDER)
    inner = cfg.train_dataloader.dataset.to_dict()
    cfg.train_dataloader = {
        'batch_size': 8,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': {'type': 'default_collate'},
        'dataset': {'type': 'InOrder', 'dataset': inner},
    }
    cfg.train_cfg = {'type': 'EpochBasedTrainLoop', 'max_epochs': iterations // 4}
    cfg.param_scheduler, cfg.load_from = [], str(initial)
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg'):
        cfg[key] = None
    cfg.test_evaluator = None
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint = None
    cfg.log_processor.window_size = 1
    load_mmhuman3d()
    Runner.from_cfg(cfg).train()
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_both_runners_give_the_same_losses(config, repo, in_workspace, tmp_path):
    """20 iterations, 1e-5 relative."""
    from mroi_plugin.engine.config import load_config

    cfg = load_config(str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), str(tmp_path))
    cfg.model.head.decoder.hidden_channels = (32, 32)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    initial = tmp_path / 'initial.pth'
    torch.save(model.state_dict(), initial)
    theirs = stock_losses(config, tmp_path / 'stock', initial, 20)
    ours = engine_losses(repo, tmp_path / 'engine', initial, 20)
    assert len(theirs) == len(ours) == 20
    for a, b in zip(theirs, ours):
        names = [name for name in a if name.startswith('loss')]
        assert len(names) == 8
        for name in names:
            # mmcv's json log rounds to five decimals.
            assert b[name] == pytest.approx(a[name], rel=1e-5, abs=6e-6), (a['iter'], name)


def test_both_test_loops_give_the_same_errors(config, repo, in_workspace, tmp_path):
    from mroi_plugin.apis.test import test as engine_test
    from mroi_plugin.engine.config import load_config

    path = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    torch.manual_seed(1)
    model = MODELS.build(load_config(path, str(tmp_path)).model)
    model.init_weights()
    checkpoint = tmp_path / 'model.pth'
    torch.save({'state_dict': model.state_dict()}, checkpoint)
    theirs = stock_test(load(config, tmp_path), checkpoint)
    ours = engine_test(path, str(checkpoint), work_dir=str(tmp_path / 'engine'))
    assert theirs['MPJPE'] == pytest.approx(ours['mesh/mpjpe'], abs=0.01)
    assert theirs['PA-MPJPE'] == pytest.approx(ours['mesh/pa_mpjpe'], abs=0.01)
    assert theirs['PVE'] == pytest.approx(ours['mesh/pve'], abs=0.01)


@pytest.mark.parametrize('name', ['mroi_resnet50', 'mroi_hrnet48'])
def test_the_large_recipes_are_those_of_the_other_flavour(repo, name):
    load_mmhuman3d()
    from mmengine.config import Config

    theirs = load(repo / 'configs' / 'mmhuman3d' / f'{name}.py', 'unused')
    ours = Config.fromfile(find_config(name))
    theirs.model.pop('mmengine_config')
    assert theirs.model == ours.model.to_dict()
    assert theirs.data.train == ours.train_dataloader.dataset.to_dict()
    assert theirs.data.val == ours.val_dataloader.dataset.to_dict()
    assert theirs.data.samples_per_gpu == ours.train_dataloader.batch_size
    assert theirs.runner.max_epochs == ours.train_cfg.max_epochs
    assert theirs.optimizer == ours.optim_wrapper.optimizer.to_dict()


def make_dataset(in_workspace):
    from mmhuman3d.data.datasets import build_dataset

    root = in_workspace / 'data' / 'synthetic'
    return build_dataset(
        {
            'type': 'MultiRoIHumanDataset',
            'ann_file': str(root / 'preprocessed_datasets' / 'synthetic_test.npz'),
            'image_dir': str(root / 'datasets' / 'synthetic'),
            'pipeline': [],
        },
        {'test_mode': True},
    )


def test_evaluation_names_what_it_lacks(config, in_workspace):
    dataset = make_dataset(in_workspace)
    with pytest.raises(ValueError, match='protocol'):
        dataset.evaluate([])
    protocol = {'type': 'HumanMeshMetric', 'body_model': {'type': 'SMPLBody', 'free_body': True}}
    with pytest.raises(ValueError, match='no result for 8 of 8'):
        dataset.evaluate([], protocol=protocol)
    with pytest.raises(ValueError, match='3dpck'):
        dataset.evaluate([], protocol=protocol, metric='3dpck')


def test_training_draws_from_torch_and_test_from_the_sample(config, in_workspace):
    dataset = make_dataset(in_workspace)
    assert dataset.rng(3).integers(1000) == dataset.rng(3).integers(1000)
    dataset.test_mode = False
    torch.manual_seed(0)
    first, second = dataset.rng(3).random(), dataset.rng(3).random()
    torch.manual_seed(0)
    assert dataset.rng(3).random() == first != second


@pytest.mark.parametrize('name', ['mroi_hrnet48', 'mroi/mroi_resnet50', 'mroi/mroi_synthetic'])
def test_a_config_for_mmengine_names_the_one_for_this_runner(config, repo, tmp_path, name):
    cfg = load(repo / 'configs' / f'{name}.py', tmp_path)
    with pytest.raises(ValueError, match=r'configs/mmhuman3d/mroi_hrnet48\.py') as caught:
        stock_train(cfg)
    message = str(caught.value)
    assert 'tools/train.py' in message and '\n' not in message


def test_every_missing_file_is_named_at_once(config, repo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        stock_train(load(repo / 'configs' / 'mmhuman3d' / 'mroi_hrnet48.py', tmp_path))
    message = str(caught.value)
    for file in (
        'SMPL_NEUTRAL.pkl', 'SMPL_FEMALE.pkl', 'J_regressor_h36m.npy', 'smpl_mean_params.npz',
        'hrnet_w48_coco', 'data/datasets/coco', 'data/datasets/pw3d', 'pw3d_test',
    ):  # fmt: skip
        assert file in message, file


def test_a_test_needs_no_training_data(config, in_workspace, tmp_path):
    """mmhuman3d's tools/test.py builds a model and initializes nothing."""
    from mmhuman3d.models.architectures.builder import build_architecture

    cfg = load(config, tmp_path)
    cfg.model.mmengine_config.train_dataloader.dataset.ann_file = 'gone.npz'
    cfg.model.backbone.init_cfg = {'type': 'Pretrained', 'checkpoint': 'gone.pth'}
    model = build_architecture(cfg.model)
    with pytest.raises(FileNotFoundError, match=r'(?s)gone\.npz.*') as caught:
        model.init_weights()
    assert 'gone.pth' in str(caught.value)
