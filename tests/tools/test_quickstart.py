"""Methods of the quickstart start from one backbone."""

import runpy

import torch
from locations import ROOT

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import check_features
from mroi_plugin.registry import MODELS

QUICKSTART = runpy.run_path(str(ROOT / 'tools' / 'quickstart.py'), run_name='quickstart')


def test_methods_start_from_the_backbone_alone(tmp_path):
    torch.manual_seed(0)
    pretrained = MODELS.build(load_config('mroi_open_landmarks').model)
    with torch.no_grad():
        for parameter in pretrained.backbone.parameters():
            parameter *= 1 + 0.01 * torch.rand_like(parameter)
    torch.save({'state_dict': pretrained.state_dict()}, tmp_path / 'pretrained.pth')
    for config in QUICKSTART['METHODS'].values():
        option = f'model.backbone.init_cfg.checkpoint={tmp_path / "pretrained.pth"}'
        cfg = load_config(f'{config}_cached', options=[option])
        check_features(cfg)
        torch.manual_seed(1)
        model = MODELS.build(cfg.model)
        model.init_weights()
        crops = torch.rand(2, 3, 256, 256)
        with torch.no_grad():
            found, expected = (x.backbone.eval()(crops) for x in (model, pretrained))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_epochs_can_be_chosen():
    for stage, epochs in QUICKSTART['EPOCHS'].items():
        assert QUICKSTART['epochs_of'](stage, ()) == epochs
        assert QUICKSTART['epochs_of'](stage, ['train_cfg.max_epochs=2']) is None
