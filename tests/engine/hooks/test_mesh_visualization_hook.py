"""Pictures of validation persons appear while a model is trained."""

from __future__ import annotations

import cv2
import pytest

from mroi_plugin import apis
from mroi_plugin.engine.hooks.mesh_visualization_hook import MeshVisualizationHook

OPTIONS = [
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'train_cfg.val_interval=1',
]


def test_it_draws_and_changes_no_number(repo, in_workspace, tmp_path):
    """Two epochs with and without pictures end in the same weights."""
    config, weights = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), []
    with_hook = tmp_path / 'with_pictures.py'
    with_hook.write_text(
        f"_base_ = '{config}'\n"
        "custom_hooks = [dict(type='EpochSeedHook'),"
        " dict(type='MeshVisualizationHook', count=2, interval=2)]\n"
    )
    for name, file in (('without', config), ('with', str(with_hook))):
        runner = apis.train(file, str(tmp_path / name), options=OPTIONS, epochs=2)
        weights.append(runner.model.state_dict())
    assert all(weights[0][key].equal(weights[1][key]) for key in weights[0])
    assert not list((tmp_path / 'without').glob('**/vis_image/**/*.png'))
    found = sorted((tmp_path / 'with').glob('**/vis_image/**/*.png'))
    assert len(found) == 2  # of the second validation alone
    for path in found:
        picture = cv2.imread(str(path))
        assert picture.shape[0] == 256 + 22 and picture.std() > 10


@pytest.mark.parametrize('options', [{'count': 0}, {'interval': 0}])
def test_bad_options(options):
    with pytest.raises(ValueError, match='expected at least 1'):
        MeshVisualizationHook(**options)
