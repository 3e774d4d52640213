"""The open recipe from its first stage to its second, on the small images."""

from __future__ import annotations

import json

import pytest
import torch

from mroi_plugin.apis.test import test as measure
from mroi_plugin.apis.train import train
from mroi_plugin.engine.checkpoints import read_state_dict

SMALL = [
    'train_dataloader.batch_size=8',
    'train_dataloader.num_workers=0',
    'val_dataloader.num_workers=0',
    'test_dataloader.num_workers=0',
]


def test_landmarks_then_heads_then_both(in_workspace, tmp_path):
    maps = [
        f'{loader}_dataloader.dataset.cached.cache_dir={tmp_path}' for loader in ('train', 'val')
    ]
    first = tmp_path / 'landmarks'
    train('mroi_open_landmarks', str(first), options=[*SMALL, *maps], epochs=1)
    state = read_state_dict(str(first / 'epoch_1.pth'))
    assert any('norm.running_var' in name for name in state)
    log = [json.loads(line) for line in next(first.rglob('scalars.json')).open()]
    assert any('landmark/error_2d' in line for line in log)
    options = [
        *SMALL,
        *maps,
        f'model.backbone.init_cfg.checkpoint={first / "epoch_1.pth"}',
    ]
    runner = train('cliff_open_cached', str(tmp_path / 'cliff'), options=options, epochs=1)
    found = runner.model.backbone.state_dict()
    weight = 'network.convs.50.weight'
    assert not any('norm' in name for name in found)
    assert not torch.equal(found[weight], state[f'backbone.{weight}'])  # batch norm is folded in
    checkpoint = str(tmp_path / 'cliff' / 'epoch_1.pth')
    errors = measure('cliff_open', checkpoint, options=SMALL)
    test_maps = f'test_dataloader.dataset.cached.cache_dir={tmp_path}'
    cached = measure('cliff_open_cached', checkpoint, options=[*options, test_maps])
    assert cached['mesh/mpjpe'] == pytest.approx(errors['mesh/mpjpe'], abs=0.5)

    both = tmp_path / 'both'
    options += [f'model.head.init_cfg.checkpoint={checkpoint}', test_maps]
    train('cliff_open_finetuned', str(both), options=options, epochs=1)
    tuned = read_state_dict(str(both / 'epoch_1.pth'))
    before = read_state_dict(checkpoint)
    for part in ('head.', 'backbone.'):
        names = [name for name in before.keys() & tuned.keys() if name.startswith(part)]
        assert any(not torch.equal(before[name], tuned[name]) for name in names)
    # The batch norms of the rest are folded where the config has none.
    folded = measure('cliff_open', str(both / 'epoch_1.pth'), options=SMALL)
    normed = measure('cliff_open_finetuned', str(both / 'epoch_1.pth'), options=options)
    assert normed['mesh/mpjpe'] == pytest.approx(folded['mesh/mpjpe'], abs=0.5)
