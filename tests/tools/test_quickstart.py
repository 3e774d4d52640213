"""Methods of the quickstart start from one backbone."""

import runpy

import torch
from locations import ROOT

from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS

QUICKSTART = runpy.run_path(str(ROOT / 'tools' / 'quickstart.py'), run_name='quickstart')


def test_methods_start_from_the_backbone_alone(tmp_path):
    torch.manual_seed(0)
    pretrained = MODELS.build(load_config('cliff_open_pretrain').model)
    for parameter in pretrained.backbone.parameters():
        torch.nn.init.normal_(parameter)
    torch.save({'state_dict': pretrained.state_dict()}, tmp_path / 'pretrained.pth')
    for config in QUICKSTART['METHODS'].values():
        cfg = load_config(
            f'{config}_cached', options=QUICKSTART['start_from'](str(tmp_path / 'pretrained.pth'))
        )
        torch.manual_seed(1)
        model = MODELS.build(cfg.model)
        model.init_weights()
        found, expected = model.backbone.state_dict(), pretrained.backbone.state_dict()
        assert found.keys() == expected.keys()
        assert all(found[name].equal(expected[name]) for name in found)
        head, other = (m.head.state_dict() for m in (model, pretrained))
        assert not any(head[n].equal(other[n]) for n in head.keys() & other.keys() if 'trunk' in n)


def test_epochs_can_be_chosen():
    for stage, epochs in QUICKSTART['EPOCHS'].items():
        assert QUICKSTART['epochs_of'](stage, ()) == epochs
        assert QUICKSTART['epochs_of'](stage, ['train_cfg.max_epochs=2']) is None
