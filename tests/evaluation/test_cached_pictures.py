"""Pictures of predictions on cached features, and of models that have no body."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mroi_plugin import apis
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.registry import DATASETS, SCOPE
from mroi_plugin.visualization.predictions import predict_panels

LITE = ['model.backbone.variant=lite', 'test_dataloader.num_workers=0']


def test_they_are_those_of_the_images(in_workspace, tmp_path):
    options = [*LITE, f'test_dataloader.dataset.cached.cache_dir={tmp_path}']
    model = build_model(load_config('mroi_open_cached', options=options).model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'm.pth')
    arguments = {'options': options, 'work_dir': str(tmp_path / 'run'), 'num_show': 2, 'worst': 1}
    apis.test('mroi_open_cached', str(tmp_path / 'm.pth'), **arguments)
    for name in ('test_7.jpg', 'meshes.glb', 'worst/contact_sheet.jpg'):
        assert (tmp_path / 'run' / 'pictures' / name).is_file(), name
    with DefaultScope.overwrite_default_scope(SCOPE):
        cached, plain = (
            DATASETS.build(load_config(name, options=own).test_dataloader.dataset.to_dict())
            for name, own in (('mroi_open_cached', options), ('mroi_open', LITE))
        )
    (found,), (expected,) = (predict_panels(model, data, [3]) for data in (cached, plain))
    assert found.crop_size == expected.crop_size == (256, 256)
    for name in ('image', 'rois', 'true_vertices', 'true_camera'):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_allclose(found.pred_vertices, expected.pred_vertices, atol=5e-3)


def test_the_shape_of_crops_is_theirs(config, in_workspace):
    cfg = load_config(config)
    with DefaultScope.overwrite_default_scope(SCOPE):
        data = DATASETS.build(cfg.test_dataloader.dataset.to_dict())
    (panel,) = predict_panels(build_model(cfg.model), data, [0])
    assert panel.crop_size == (48, 64)


def test_a_model_without_a_body_is_refused_before_the_test(in_workspace, tmp_path):
    model = build_model(load_config('mroi_open_landmarks').model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'm.pth')
    arguments = {'work_dir': str(tmp_path / 'run'), 'worst': 1}
    maps = [f'test_dataloader.dataset.cached.cache_dir={tmp_path}/maps']
    with pytest.raises(ValueError, match='LandmarkEstimator has no body to draw: leave out'):
        apis.test('mroi_open_landmarks', str(tmp_path / 'm.pth'), options=maps, **arguments)
    assert not (tmp_path / 'maps').exists()
