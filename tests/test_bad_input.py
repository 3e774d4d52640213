"""Bad input ends in one error that names file, key or option, and says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from torch.utils.data import DataLoader

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.engine.checkpoints import (
    CheckpointMismatchError,
    check_checkpoint,
    read_checkpoint,
)
from mroi_plugin.engine.preflight import required_files
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion
from mroi_plugin.registry import DATASETS, MODELS
from mroi_plugin.utils.config_files import parse_options

SYNTHETIC = str(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')


def tool(name, *arguments, cwd):
    return subprocess.run(
        [sys.executable, str(ROOT / 'tools' / name), *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_training_without_licensed_data_names_everything_at_once(tmp_path):
    done = tool('train.py', ROOT / 'configs' / 'mroi' / 'mroi_hrnet48.py', cwd=tmp_path)
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    for name in (
        'SMPL_NEUTRAL.pkl',
        'SMPL_FEMALE.pkl',
        'J_regressor_h36m.npy',
        'smpl_mean_params.npz',
        'hrnet_w48_coco_256x192.pth',
        'h36m_mosh_train.npz',
        'cliff_mpii_train.npz',
        'pw3d_test_complete.npz',
        'model.body_model.model_path',
        'train_dataloader.dataset.datasets.coco.ann_file',
        'val_evaluator.body_model.model_path',
    ):
        assert name in done.stderr, name
    assert not list(tmp_path.iterdir())  # nothing was started


def test_synthetic_config_without_data_says_how_to_make_it(tmp_path):
    done = tool('train.py', SYNTHETIC, cwd=tmp_path)
    assert done.returncode == 2 and 'mroi make-data' in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['train.py', 'configs/nothing.py'], 'configs/nothing.py: no such config'),
        (['train.py', SYNTHETIC, '--cfg-options', 'a'], "--cfg-options 'a': expected KEY=VALUE"),
        (['train.py', SYNTHETIC, '--resume', 'gone.pth'], 'gone.pth'),
        (['test.py', SYNTHETIC, 'gone.pth'], 'gone.pth'),
        (['test.py', SYNTHETIC, 'gone.pth', '--worst', '-3'], '--worst: expected a whole number'),
        (['check_data.py', SYNTHETIC, '--samples', '-1'], '--samples: expected a whole number'),
        (
            ['train.py', SYNTHETIC, '--cfg-options', 'model.head.fusion.score=best'],
            "score='best': expected one of mlp, pair_mlp, linear, self_attention, none",
        ),
        (
            ['train.py', SYNTHETIC, '--cfg-options', 'model.head.color=red'],
            'color',
        ),
    ],
)
def test_unknown_options_and_files(workspace, arguments, message):
    done = tool(*arguments, cwd=workspace)
    assert done.returncode != 0 and message in done.stderr, done.stderr[-1500:]


HEAVY = '{"torch", "mmengine", "mmcv", "mmhuman3d", "numpy"}'


@pytest.mark.parametrize('script', sorted((ROOT / 'tools').glob('*.py')), ids=lambda p: p.stem)
def test_help_is_instant(script):
    code = (
        'import sys, runpy; sys.argv = [sys.argv[1], "--help"]\n'
        'try: runpy.run_path(sys.argv[0], run_name="__main__")\n'
        'except SystemExit as stop: assert not stop.code\n'
        f'assert not {HEAVY} & sys.modules.keys(), {HEAVY} & sys.modules.keys()'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'usage:' in done.stdout


@pytest.fixture
def copy_of_data(workspace, tmp_path, monkeypatch):
    shutil.copytree(workspace / 'data', tmp_path / 'data')
    monkeypatch.chdir(tmp_path)
    return tmp_path / 'data' / 'synthetic'


def dataset():
    return DATASETS.build(Config.fromfile(SYNTHETIC).test_dataloader.dataset)


def first_image(data):
    return data / 'datasets' / 'synthetic' / dataset().annotations.image_paths[0]


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda path: path.unlink(), 'the image is missing'),
        (lambda path: path.write_bytes(b''), 'cannot be decoded'),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), 'cannot be decoded'),
        (lambda path: path.write_text('no picture'), 'cannot be decoded'),
    ],
)
def test_spoilt_images_are_named_with_their_sample(copy_of_data, spoil, message, workers):
    path = first_image(copy_of_data)
    spoil(path)
    with pytest.raises(InvalidSampleError) as error:
        next(iter(DataLoader(dataset(), batch_size=1, num_workers=workers)))
    assert message in str(error.value) and path.name in str(error.value)
    assert 'sample 0 of' in str(error.value) and 'synthetic_test.npz' in str(error.value)


def rewrite(data, **columns):
    """Change columns of the test annotation file."""
    path = data / 'preprocessed_datasets' / 'synthetic_test.npz'
    with np.load(path, allow_pickle=True) as file:
        content = dict(file)
    content.update(columns)
    np.savez(path, **content)


@pytest.mark.parametrize(
    'box', [(10, 10, 0, 50, 1), (10, 10, 50, -3, 1), (np.nan, 10, 50, 50, 1), (np.inf, 0, 9, 9, 1)]
)
def test_impossible_boxes_are_refused_at_loading(copy_of_data, box):
    boxes = np.tile([[20.0, 20, 100, 200, 1]], (8, 1))
    boxes[3] = box
    rewrite(copy_of_data, bbox_xywh=boxes.astype(np.float32))
    said = r'synthetic_test.npz \(ann_file\): bbox_xywh of 1 persons, first sample 3 '
    with pytest.raises(ValueError, match=said):
        dataset()


def test_box_outside_the_image_is_no_black_crop(copy_of_data):
    boxes = np.tile(np.float32([[5000, 20, 100, 200, 1]]), (8, 1))
    rewrite(copy_of_data, bbox_xywh=boxes)
    with pytest.raises(InvalidSampleError, match=r'sample 5 .* lies outside the \d+x\d+ image'):
        dataset()[5]


def test_columns_of_unequal_length(copy_of_data):
    rewrite(copy_of_data, bbox_xywh=np.tile(np.float32([[5, 20, 100, 200, 1]]), (7, 1)))
    with pytest.raises(ValueError, match='bbox_xywh has 7 rows beside 8 image paths'):
        dataset()


@pytest.mark.parametrize('content', [b'', b'no numpy file', b'PK\x03\x04broken'])
def test_broken_annotation_files(copy_of_data, content):
    (copy_of_data / 'preprocessed_datasets' / 'synthetic_test.npz').write_bytes(content)
    with pytest.raises(ValueError, match=r'synthetic_test.npz \(ann_file\) is no HumanData'):
        dataset()


def test_missing_annotation_file(copy_of_data):
    (copy_of_data / 'preprocessed_datasets' / 'synthetic_test.npz').unlink()
    with pytest.raises(FileNotFoundError, match=r'synthetic_test.npz \(ann_file\)'):
        dataset()


def test_data_of_another_body_is_refused(copy_of_data):
    rewrite(copy_of_data, misc=np.array({'body': 'another'}, dtype=object))
    with pytest.raises(ValueError, match='was rendered from the body another'):
        dataset()


def synthetic_model(**head):
    cfg = Config.fromfile(SYNTHETIC)
    cfg.model.head.update(head)
    return MODELS.build(cfg.model), cfg


def test_checkpoint_for_another_number_of_rois(tmp_path):
    five, cfg = synthetic_model()
    path = tmp_path / 'five.pth'
    torch.save({'state_dict': five.state_dict(), 'meta': {'cfg': cfg.pretty_text}}, path)
    check_checkpoint(five, str(path))
    three, _ = synthetic_model(num_rois=3)
    with pytest.raises(CheckpointMismatchError) as error:
        check_checkpoint(three, str(path))
    assert 'num_rois=5' in str(error.value) and 'num_rois=3' in str(error.value)
    assert 'head.fusion.strategy.mlp' in str(error.value) and 'five.pth' in str(error.value)


def test_checkpoint_of_another_method(tmp_path, repo):
    five, cfg = synthetic_model()
    path = tmp_path / 'ours.pth'
    torch.save({'state_dict': five.state_dict(), 'meta': {'cfg': cfg.pretty_text}}, path)
    hmr = Config.fromfile(str(repo / 'configs' / '_base_' / 'hosts' / 'small.py'))
    with pytest.raises(CheckpointMismatchError) as error:
        check_checkpoint(MODELS.build(hmr.model), str(path))
    message = str(error.value)
    assert 'method=MultiRoIEstimator' in message and 'method=ImageBodyModelEstimator' in message
    assert 'head.decpose.bias' in message or 'first head.' in message


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        (('model.head.num_rois=3',), 'model.head.num_rois is 3'),
        (('test_dataloader.dataset.pipeline.crop.num_rois=2',), 'crop.num_rois is 2'),
    ],
)
def test_pipeline_and_head_of_different_numbers_of_rois(options, named, repo, tmp_path):
    from mroi_plugin.apis.train import train

    with pytest.raises(ValueError, match=named) as error:
        train(SYNTHETIC, str(tmp_path), options=options)
    assert 'same M' in str(error.value)


def test_more_rois_than_the_lists_have():
    from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop

    with pytest.raises(ValueError, match=r'1\.\.5, give longer lists'):
        MultiRoICrop(num_rois=6)


def test_checkpoints_that_are_none(tmp_path):
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(ValueError, match=r'text.pth is no readable checkpoint'):
        read_checkpoint(str(tmp_path / 'text.pth'))
    with pytest.raises(FileNotFoundError, match='gone.pth: no such checkpoint'):
        read_checkpoint(str(tmp_path / 'gone.pth'))
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match='holds a list'):
        read_checkpoint(str(tmp_path / 'list.pth'))


def test_heads_refuse_what_cannot_work():
    with pytest.raises(ValueError, match="mesh_from='vote': expected one of mean, roi"):
        RoIAwareFusionHead(8, 2, mesh_from='vote')
    with pytest.raises(ValueError, match="bbox_condition='some'"):
        RoIAwareFusionHead(8, 2, bbox_condition='some')
    with pytest.raises(ValueError, match="relation='absolute'"):
        RoIAwareFusion(8, 2, score='self_attention')
    head = RoIAwareFusionHead(8, 3)
    with pytest.raises(ValueError, match='num_rois=3 and got 2 RoIs'):
        head(torch.zeros(1, 2, 8), torch.zeros(1, 2, 3))


def test_required_files_of_the_synthetic_config_are_its_data_alone():
    files = required_files(Config.fromfile(SYNTHETIC).to_dict())
    assert {item.path.split('/')[1] for item in files} == {'synthetic'}


def test_dataset_without_translation_masks_it(in_workspace):
    cfg = Config.fromfile(SYNTHETIC).test_dataloader.dataset
    bare = MultiRoIHumanDataset(cfg.ann_file, cfg.image_dir, cfg.pipeline)
    assert bare[0]['has_transl'] == 0 and dataset()[0]['has_transl'] == 1


def test_engine_options_parse_like_mmengines():
    parsed = parse_options(['a.b=1e-3', 'c=(72,96)', 'd=None', 'e=text', 'f=True'])
    assert parsed == {'a.b': 1e-3, 'c': (72, 96), 'd': None, 'e': 'text', 'f': True}
