"""Pictures of validation persons appear while a model is trained."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin import apis
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.engine.hooks.mesh_visualization_hook import MeshVisualizationHook
from mroi_plugin.utils.config_files import find_config
from mroi_plugin.visualization.contact_sheet import instance_row
from mroi_plugin.visualization.predictions import predict_panels

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


def test_it_draws_the_weights_that_are_validated(in_workspace, tmp_path):
    """On cached features too: running means, as the checkpoint has, and not the last step's."""
    config = tmp_path / 'config.py'
    config.write_text(
        f"_base_ = '{find_config('mroi_open_cached')}'\n"
        "custom_hooks = [*_base_.custom_hooks, dict(type='MeshVisualizationHook', count=1)]\n"
    )
    maps = [f'{part}_dataloader.dataset.cached.cache_dir={tmp_path}' for part in ('train', 'val')]
    options = [*OPTIONS, *maps, 'model.backbone.variant=lite', 'optim_wrapper.optimizer.lr=0.01']
    runner = apis.train(str(config), str(tmp_path / 'run'), options=options, epochs=1)
    assert any(type(hook).__name__ == 'EMAHook' for hook in runner.hooks)
    (path,) = (tmp_path / 'run').glob('**/vis_image/**/*.png')
    model, pictures = runner.model, []
    for _ in range(2):
        (panel,) = predict_panels(model, runner.val_dataloader.dataset, [0])
        pictures.append(instance_row(panel, 256)[..., ::-1])
        model.load_state_dict(read_state_dict(str(tmp_path / 'run' / 'epoch_1.pth')))
    drawn = cv2.imread(str(path))
    assert [np.array_equal(drawn, picture) for picture in pictures] == [False, True]


def train_with(backend, repo, tmp_path, name):
    config = tmp_path / 'config.py'
    config.write_text(
        f"_base_ = '{repo / 'configs' / 'mroi' / 'mroi_synthetic.py'}'\n"
        "custom_hooks = [dict(type='MeshVisualizationHook', count=1)]\n"
        f"visualizer = dict(type='Visualizer', name='{name}', vis_backends=[dict({backend})])\n"
    )
    apis.train(str(config), str(tmp_path / 'run'), options=OPTIONS, epochs=1)


def test_tensorboard_has_the_pictures(repo, in_workspace, tmp_path):
    accumulator = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator',
        reason='needs the extra: pip install ".[tensorboard]"',
    )
    train_with("type='TensorboardVisBackend'", repo, tmp_path, 'to_tensorboard')
    (file,) = tmp_path.glob('run/*/vis_data/events.*')
    events = accumulator.EventAccumulator(str(file)).Reload()
    (tag,) = events.Tags()['images']
    (image,) = events.Images(tag)
    picture = cv2.imdecode(np.frombuffer(image.encoded_image_string, np.uint8), 1)
    assert tag.startswith('prediction_test_') and image.step == 1
    assert picture.shape[0] == 256 + 22 and picture.std() > 10
    assert {'loss', 'mesh/mpjpe'} <= set(events.Tags()['scalars'])


def test_wandb_has_the_pictures(repo, in_workspace, tmp_path, monkeypatch):
    """Offline: pictures lie in the run's folder until they are uploaded."""
    wandb = pytest.importorskip('wandb', reason='needs the extra: pip install ".[wandb]"')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    train_with("type='WandbVisBackend'", repo, tmp_path, 'to_wandb')
    wandb.finish()
    (file,) = tmp_path.glob('run/*/vis_data/wandb/offline-run-*/files/media/images/*.png')
    picture = cv2.imread(str(file))
    assert picture.shape[0] == 256 + 22 and picture.std() > 10


@pytest.mark.parametrize('options', [{'count': 0}, {'interval': 0}])
def test_bad_options(options):
    with pytest.raises(ValueError, match='expected at least 1'):
        MeshVisualizationHook(**options)
