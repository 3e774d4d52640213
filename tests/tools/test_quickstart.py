"""Methods of the quickstart have one frozen backbone, data and schedule."""

import runpy

from locations import ROOT

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import check_features

QUICKSTART = runpy.run_path(str(ROOT / 'tools' / 'quickstart.py'), run_name='quickstart')


def test_methods_differ_in_method_alone():
    shared = []
    for config in QUICKSTART['METHODS'].values():
        trained, tested = load_config(f'{config}_cached'), load_config(config)
        check_features(trained)
        assert trained.model == tested.model
        dataset = trained.train_dataloader.pop('dataset').dataset
        dataset.pipeline.crop.pop('num_rois')
        same = ('optim_wrapper', 'param_scheduler', 'train_dataloader')
        shared.append([trained.model.backbone, dataset, *(trained[name] for name in same)])
    assert shared[0] == shared[1]
    assert shared[0][0].variant == 'full_synthetic' and shared[0][0].trainable == 'none'


def test_epochs_can_be_chosen():
    assert QUICKSTART['epochs_of'](()) == QUICKSTART['EPOCHS']
    assert QUICKSTART['epochs_of'](['train_cfg.max_epochs=2']) is None
