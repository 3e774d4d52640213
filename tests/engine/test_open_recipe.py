"""The open recipe from its first stage to its second, on the small images."""

from __future__ import annotations

import json

import pytest
import torch
from versions import needs_torch_2

from mroi_plugin.apis.test import test as measure
from mroi_plugin.apis.train import train
from mroi_plugin.deploy.converters.blazepose import store_trained
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.models.backbones.blazepose import BlazePose

LOADERS = ('train', 'val', 'test')
SMALL = [
    'train_dataloader.batch_size=8',
    'train_dataloader.num_workers=0',
    'val_dataloader.num_workers=0',
    'test_dataloader.num_workers=0',
]


def test_landmarks_then_heads(in_workspace, tmp_path):
    maps = [
        f'{loader}_dataloader.dataset.cached.cache_dir={tmp_path}' for loader in ('train', 'val')
    ]
    first = tmp_path / 'landmarks'
    train('mroi_open_landmarks', str(first), options=[*SMALL, *maps], epochs=1)
    state = read_state_dict(str(first / 'epoch_1.pth'))
    assert any('norm.running_var' in name for name in state)
    log = [json.loads(line) for line in next(first.rglob('scalars.json')).open()]
    assert any('landmark/error_2d' in line for line in log)
    store_trained(first / 'epoch_1.pth', tmp_path / 'trained.safetensors')
    backbone = f'model.backbone.checkpoint={tmp_path / "trained.safetensors"}'
    options = [*SMALL, *maps, backbone]
    runner = train('cliff_open_cached', str(tmp_path / 'cliff'), options=options, epochs=1)
    folded = BlazePose('full', split=16)
    folded.load_state_dict({k[9:]: v for k, v in state.items() if k.startswith('backbone.')})
    for name, value in folded.half().float().state_dict().items():
        assert runner.model.backbone.state_dict()[name].equal(value), name
    checkpoint = str(tmp_path / 'cliff' / 'epoch_1.pth')
    errors = measure('cliff_open', checkpoint, options=SMALL)  # the backbone is in the checkpoint
    test_maps = f'test_dataloader.dataset.cached.cache_dir={tmp_path}'
    cached = measure('cliff_open_cached', checkpoint, options=[*options, test_maps])
    assert cached['mesh/mpjpe'] == pytest.approx(errors['mesh/mpjpe'], abs=0.5)
    with pytest.raises(ValueError, match='its backbone differs'):
        measure('cliff_open_cached', checkpoint, options=[*SMALL, *maps, test_maps])


@needs_torch_2
def test_all_of_it_goes_on_from_there(in_workspace, tmp_path):
    """The recipe for a GPU, here on two of five RoIs."""
    crops = [f'{name}_dataloader.dataset.pipeline.crop.num_rois=2' for name in LOADERS]
    plain = [*SMALL, 'model.head.num_rois=2', *crops]
    model = build_model(load_config('mroi_open', options=plain).model)
    start = tmp_path / 'start.pth'
    torch.save({'state_dict': model.state_dict()}, start)
    options = [*plain, f'model.head.init_cfg.checkpoint={start}']
    train('mroi_open_gpu', str(tmp_path), options=options, epochs=1)
    found = read_state_dict(str(tmp_path / 'epoch_1.pth'))
    before = model.state_dict()
    trained = build_model(load_config('mroi_open_gpu', options=options).model)
    for name, weight in trained.named_parameters():
        if name in before and weight.dim() > 1:
            changed = not torch.equal(before[name], found[name])
            assert changed == weight.requires_grad, name
    # The batch norms are folded where the config has none.
    normed = measure('mroi_open_gpu', str(tmp_path / 'epoch_1.pth'), options=options)
    folded = measure('mroi_open', str(tmp_path / 'epoch_1.pth'), options=plain)
    assert normed['mesh/mpjpe'] == pytest.approx(folded['mesh/mpjpe'], abs=0.5)
