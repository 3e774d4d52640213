"""HRNet of image classification against mmhuman3d's, which has no biases before its norms."""

from __future__ import annotations

import torch
from mmengine.config import Config
from torch import nn

from mroi_plugin.models.backbones.classification_hrnet import ClassificationHRNet
from mroi_plugin.models.backbones.features import count_channels, pool_features
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config


def small_hrnet():
    """The HRNet of the configs, one block and module a stage."""
    hrnet = Config.fromfile(find_config('mroi_hrnet48')).model.backbone.to_dict()
    hrnet['init_cfg'] = None
    for i in range(1, 5):
        stage = hrnet['extra'][f'stage{i}']
        stage.update(num_modules=1, num_blocks=(1,) * stage['num_branches'])
    hrnet['extra']['stage1']['num_blocks'] = (4,)  # of mmhuman3d's, not configurable
    return hrnet


def trained(network, crops):
    """The network with running statistics of its own activations."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches
    with torch.no_grad():
        network.train()(crops)
    return network.eval()


def without_bias(state):
    """``norm(W x + b)`` is ``norm'(W x)`` with its mean moved by b."""
    state = dict(state)
    for name in [n for n in state if n.split('.')[0] in ('downsamp_modules', 'final_layer')]:
        if name.endswith('.0.bias'):
            bias = state.pop(name)
            state[name.replace('.0.bias', '.1.running_mean')] -= bias
    return {name.replace('hrnet.', '', 1): value for name, value in state.items()}


def test_is_the_network_that_mmhuman3d_has_for_pymafx():
    hrnet = small_hrnet()
    torch.manual_seed(0)
    crops = torch.randn(2, 3, 128, 96)
    ours = trained(ClassificationHRNet(hrnet), crops)
    theirs = MODELS.build(
        {
            'type': 'mmhuman3d.PoseHighResolutionNetPyMAFX',
            'extra': hrnet['extra'],
            'global_mode': True,
        }
    )
    theirs.eval()
    with torch.no_grad():
        found = pool_features(ours(crops))
        state = {name: value.clone() for name, value in ours.state_dict().items()}
        theirs.load_state_dict(without_bias(state))
        wanted = theirs(crops)[1]
    assert wanted.std() > 0.1
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5 * wanted.abs().max().item())


def test_every_parameter_is_on_the_way_to_the_features():
    network = ClassificationHRNet(small_hrnet())
    assert count_channels(network) == 2048
    assert network(torch.randn(1, 3, 64, 64)).shape == (1, 2048, 2, 2)
    network(torch.randn(2, 3, 64, 64)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert isinstance(network.hrnet.final_layer, nn.Identity)


def test_pretrained_weights_of_the_hrnet_are_read(tmp_path):
    hrnet = small_hrnet()
    source = MODELS.build(hrnet)
    state = {
        f'backbone.{name}': torch.randn_like(value.float()).to(value.dtype)
        for name, value in source.state_dict().items()
    }
    torch.save({'state_dict': state}, tmp_path / 'pose.pth')
    hrnet['init_cfg'] = {
        'type': 'Pretrained',
        'prefix': 'backbone.',
        'checkpoint': str(tmp_path / 'pose.pth'),
    }
    network = ClassificationHRNet(hrnet)
    network.init_weights()
    assert torch.equal(network.hrnet.conv1.weight, state['backbone.conv1.weight'])
    ours = network.hrnet.state_dict()
    assert all(torch.equal(ours[n], state[f'backbone.{n}']) for n in ours)
