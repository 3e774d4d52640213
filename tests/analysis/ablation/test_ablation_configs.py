"""Every ablation is a config that builds, trains and differs from the method by its row alone."""

from __future__ import annotations

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from torch.utils.data import DataLoader

from mroi_plugin.analysis.ablation.groups import DATASET_VARIABLE
from mroi_plugin.registry import DATASETS, MODELS

ROWS = sorted((ROOT / 'configs' / 'ablations').glob('*.py'))
THE_METHOD = {'components_all', 'rois_5', 'crops_fixed_both', 'relation_relative_l32'}


def load(path, dataset, monkeypatch):
    monkeypatch.setenv(DATASET_VARIABLE, dataset)
    return Config.fromfile(path)


@pytest.mark.parametrize('path', ROWS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings('ignore:RoIAwareFusion')
def test_it_takes_a_step_on_the_embedded_data(path, in_workspace, monkeypatch):
    cfg = load(path, 'embedded', monkeypatch)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = next(iter(DataLoader(dataset, batch_size=4)))
    assert batch['rois'].shape[1] == model.head.num_rois
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    sum(losses.values()).backward()
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    assert not [n for n, p in trained if p.grad is None or not p.grad.isfinite().all()]


def differences(a, b, key=''):
    """Dotted keys at which two nested configs differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        return {
            found
            for name in {*a, *b}
            for found in differences(a.get(name), b.get(name), f'{key}.{name}' if key else name)
        }
    return set() if a == b else {key}


@pytest.mark.parametrize('path', ROWS, ids=lambda p: p.stem)
@pytest.mark.parametrize('dataset', ['embedded', 'open', 'papers'])
def test_it_differs_from_the_method_in_model_and_rois_alone(path, dataset, monkeypatch):
    method = load(ROOT / 'configs' / 'ablations' / 'components_all.py', dataset, monkeypatch)
    row = load(path, dataset, monkeypatch)
    found = differences(method.to_dict(), row.to_dict())
    allowed = ('model.head.', 'model.losses.', 'model.encoder', 'rois', 'shared')
    changed = {key for key in found if '.pipeline.crop.' not in key}
    assert all(key.startswith(allowed) for key in changed), changed
    assert (not found) == (path.stem in THE_METHOD)
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        crop = row[loader].dataset.pipeline.crop
        assert crop.num_rois == row.model.head.num_rois


def test_the_papers_train_on_coco_and_test_on_3dpw(monkeypatch):
    cfg = load(ROOT / 'configs' / 'ablations' / 'rois_3.py', 'papers', monkeypatch)
    assert list(cfg.train_dataloader.dataset.datasets) == ['coco']
    assert 'pw3d_test' in cfg.test_dataloader.dataset.ann_file
    assert cfg.model.backbone.depth == 50 and cfg.train_cfg.max_epochs == 25
