"""BlazePose of a checkpoint as a file of its own."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open

from mroi_plugin.deploy.converters.blazepose import store_trained
from mroi_plugin.models.backbones.blazepose import ASSETS, BlazePose

LITE = ASSETS / 'blazepose_lite.safetensors'


def test_a_trained_backbone_is_stored_folded(tmp_path):
    """The weights are those into which the batch norms are folded, in float16."""
    torch.manual_seed(0)
    crops = torch.rand(8, 3, 256, 256)
    trained = BlazePose('lite', trainable='rest', batch_norm=True).train()
    optimizer = torch.optim.AdamW([p for p in trained.parameters() if p.requires_grad], 1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        trained(crops).square().mean().backward()
        optimizer.step()
    state = {f'backbone.{name}': value for name, value in trained.eval().state_dict().items()}
    torch.save({'state_dict': {**state, 'head.weight': torch.ones(2)}}, tmp_path / 'epoch_1.pth')
    store_trained(tmp_path / 'epoch_1.pth', tmp_path / 'trained.safetensors', LITE)
    stored = BlazePose(checkpoint=tmp_path / 'trained.safetensors').eval()
    folded = BlazePose('lite')
    folded.load_state_dict(trained.state_dict())
    for name, value in folded.half().float().state_dict().items():
        assert stored.state_dict()[name].equal(value), name
    with torch.no_grad():
        difference = (stored(crops) - BlazePose('lite').eval()(crops)).abs()
    assert difference.max() > 0.2
    with safe_open(str(tmp_path / 'trained.safetensors'), 'pt') as file:
        about = json.loads(file.metadata()['network'])
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
    assert about['license'] == 'Apache-2.0' and about['changes'].startswith('trained further')
    assert set(about['outputs']) == {'map', 'landmarks', 'world'}


@pytest.mark.parametrize('broken', ['other', 'absent', 'shape', 'infinite'])
def test_checkpoints_of_no_blazepose(broken, tmp_path):
    state = {f'backbone.{name}': value for name, value in BlazePose('lite').state_dict().items()}
    name = next(iter(state))
    if broken == 'other':
        state = {'backbone.conv1.weight': torch.ones(2)}
    elif broken == 'absent':
        del state[name]
    elif broken == 'shape':
        state[name] = state[name][:-1]
    else:
        state[name] = state[name] + torch.inf
    torch.save({'state_dict': state}, tmp_path / 'epoch_1.pth')
    told = 'beyond float16' if broken == 'infinite' else 'not the network of .*lite'
    with pytest.raises(ValueError, match=told):
        store_trained(tmp_path / 'epoch_1.pth', tmp_path / 'out.safetensors', LITE)
    assert not (tmp_path / 'out.safetensors').exists()
