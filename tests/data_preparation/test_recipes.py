"""The papers' recipes, from files in the true form of every data set to a table of errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from annotation_formats import (
    bedlam_entries,
    cliff_entries,
    dump,
    eft_entries,
    h36m_entries,
    h36m_test_entries,
    make_truth,
    mpi_inf_3dhp_entries,
    pw3d_entries,
    save,
    write_images,
)
from mmengine.config import Config

from mroi_plugin import apis
from mroi_plugin.data_preparation.completion import CompletionOptions, complete_annotations
from mroi_plugin.data_preparation.data_check.check import check_data
from mroi_plugin.data_preparation.importers.bedlam import import_bedlam
from mroi_plugin.data_preparation.importers.cliff import import_cliff
from mroi_plugin.data_preparation.importers.spin_style import ImportOptions
from mroi_plugin.engine import config as engine
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.registry import DATASETS, METRICS, MODELS

FREE = {'body_model': 'no/licensed/files', 'free_body': True, 'quiet': True}
OPTIONS = [
    *(
        f'{key}.free_body=True'
        for key in (
            'model.body_model',
            'model.head.mean_params',
            'val_evaluator.body_model',
            'test_evaluator.body_model',
            'val_dataloader.dataset.body_model',
            'test_dataloader.dataset.body_model',
        )
    ),
    'model.backbone.init_cfg=None',
    *(
        f'{loop}_dataloader.{option}'
        for loop in ('train', 'val', 'test')
        for option in (
            'batch_size=4',
            'num_workers=0',
            'persistent_workers=False',
            'dataset.pipeline.crop.crop_size=(48,64)',
        )
    ),
]
MESH_TRUTH = ('pw3d', 'h36m_p1', 'h36m_p2')
PROTOCOLS = (*MESH_TRUTH, 'h36m_p1_mocap', 'h36m_p2_mocap', 'mpi_inf_3dhp')
FILES = ('h36m', 'mpi_inf_3dhp', 'coco_cliff', 'coco_eft', 'mpii', 'pw3d', 'agora', 'bedlam')


class Disk:
    """Writes the files of one data set where its config looks for them."""

    def __init__(self, root: Path) -> None:
        self.folder = root / 'data' / 'datasets'
        self.files = root / 'data' / 'preprocessed_datasets'
        self.files.mkdir(parents=True)

    def images(self, folder, names, truth):
        write_images(self.folder / folder, list(names), truth.size)

    def complete(self, source, name, **options):
        options = CompletionOptions(**FREE, **options)
        complete_annotations(str(source), str(self.files / name), options)

    def h36m(self, truth):
        entries = h36m_entries(truth)
        self.images('h36m', entries['image_path'], truth)
        raw = dump(self.files / 'raw.npz', entries)
        self.complete(raw, 'h36m_mosh_train.npz', fit_translation=True, boxes='keep')
        for protocol in (1, 2):
            entries = h36m_test_entries(truth, protocol)
            self.images('h36m', entries['image_path'], truth)
            dump(self.files / f'h36m_valid_protocol{protocol}.npz', entries)

    def mpi_inf_3dhp(self, truth):
        for split in ('train', 'test'):
            entries = mpi_inf_3dhp_entries(truth, split)
            self.images('mpi_inf_3dhp', entries['image_path'], truth)
            dump(self.files / f'mpi_inf_3dhp_{split}.npz', entries)

    def cliff(self, truth, name):
        entries = cliff_entries(truth)
        self.images(name, entries['imgname'], truth)
        images = str(self.folder / name)
        options = ImportOptions(images, body_model='no/licensed/files', quiet=True)
        path = save(self.files / 'raw_cliff.npz', entries)
        import_cliff(path, str(self.files / f'cliff_{name}_train.npz'), options)

    def eft(self, truth):
        entries = eft_entries(truth)
        self.images('coco', entries['image_path'], truth)
        for part in ('all', 'part'):
            dump(self.files / f'eft_coco_{part}.npz', entries)

    def pw3d(self, truth, split):
        entries = pw3d_entries(truth, self.folder / 'pw3d', split)
        self.images('pw3d', entries['image_path'], truth)
        raw = dump(self.files / f'pw3d_{split}.npz', entries)
        root = str(self.folder / 'pw3d')
        self.complete(raw, f'pw3d_{split}_complete.npz', pw3d_root=root)

    def bedlam(self, truth, name):
        entries = bedlam_entries(truth)
        self.images(name, entries['imgname'], truth)
        images = str(self.folder / name)
        options = ImportOptions(images, body_model='no/licensed/files', quiet=True)
        path, raw = save(self.files / 'labels.npz', entries), self.files / f'{name}_train.npz'
        import_bedlam(path, str(raw), options)
        self.complete(raw, f'{name}_train_complete.npz')


@pytest.fixture(scope='module')
def truth_of_all():
    return make_truth(middle=True)


@pytest.fixture(scope='module')
def disk(truth_of_all, tmp_path_factory):
    """A disk that holds every data set of the recipes, four persons each."""
    root, truth = tmp_path_factory.mktemp('disk'), truth_of_all
    disk = Disk(root)
    disk.h36m(truth)
    disk.mpi_inf_3dhp(truth)
    disk.cliff(truth, 'coco')
    disk.cliff(truth, 'mpii')
    disk.eft(truth)
    for split in ('train', 'test'):
        disk.pw3d(truth, split)
    for name in ('agora', 'bedlam'):
        disk.bedlam(truth, name)
    return root


@pytest.fixture
def on_disk(disk, monkeypatch):
    monkeypatch.chdir(disk)
    return disk


def sets_of(repo, name):
    """Configs of the data sets that a file of `_base_/datasets` names."""
    cfg = Config.fromfile(repo / 'configs' / '_base_' / 'datasets' / f'{name}.py')
    return {key: node for key, node in cfg.items() if isinstance(node, dict)}


@pytest.mark.parametrize('name', FILES)
def test_what_the_configs_say_of_a_data_set_is_so(repo, on_disk, truth_of_all, name):
    """Files hold what ``annotated`` says; padded boxes are 1 to 1.5 times what joints span."""
    truth = truth_of_all
    for key, options in sets_of(repo, name).items():
        dataset = DATASETS.build({'type': 'MultiRoIHumanDataset', 'pipeline': [], **options})
        assert len(dataset) == 4 and options['annotated'], key
        low, high = truth.pixels.min(1), truth.pixels.max(1)
        for i in range(4):
            ratio = dataset.raw_sample(i)['box_size'].max() / (high - low)[i].max()
            assert 1.0 < ratio < 1.5, (key, i, ratio)


def test_check_data_is_content_with_all_of_it(repo, on_disk, capsys):
    config = str(repo / 'configs' / 'mroi' / 'mroi_resnet50.py')
    good = check_data(config, options=OPTIONS, out='check')
    told = capsys.readouterr().out
    assert good, told
    report = json.loads(Path('check/check.json').read_text())
    assert [d['persons'] for d in report['datasets']] == [4] * 5


def test_four_data_sets_are_mixed_trained_on_and_tested(repo, on_disk):
    config = str(repo / 'configs' / 'mroi' / 'mroi_resnet50.py')
    runner = apis.train(config, 'work', options=OPTIONS, epochs=1)
    assert len(runner.train_dataloader.dataset) == 16
    logged = [json.loads(line) for line in runner_scalars('work')]
    assert all(np.isfinite(line['loss']) for line in logged if 'loss' in line)
    for name in PROTOCOLS:
        metrics = apis.test(
            config, 'work/epoch_1.pth', work_dir=name, options=OPTIONS, protocol=name
        )
        assert metrics['mesh/frames'] == 4 and 50 < metrics['mesh/mpjpe'] < 2000
        assert ('mesh/pve' in metrics) == (name in MESH_TRUTH)
    tuned = str(repo / 'configs' / 'mroi' / 'mroi_resnet50_pw3d_ft.py')
    theirs = ['load_from=work/epoch_1.pth', 'model.target_bodies.free_body=True']
    apis.train(tuned, 'tuned', options=[*OPTIONS, *theirs], epochs=1)
    shutil.rmtree('work')
    shutil.rmtree('tuned')


def runner_scalars(folder):
    (file,) = Path(folder).glob('*/vis_data/scalars.json')
    return file.read_text().splitlines()


@pytest.mark.parametrize('name', PROTOCOLS)
def test_the_truth_has_no_error_under_any_protocol(repo, on_disk, truth_of_all, name):
    """Neutral and gendered free bodies are one body, so the true parameters are a perfect
    prediction."""
    errors = errors_of_the_truth(repo, truth_of_all, name)
    assert errors['mesh/mpjpe'] < 0.01 and errors['mesh/pa_mpjpe'] < 0.01


def errors_of_the_truth(repo, truth_of_all, name, **changes):
    """Errors of the true parameters as a prediction, under a protocol with another test file."""
    cfg = engine.load_config(
        str(repo / 'configs' / 'mroi' / 'mroi_resnet50.py'),
        'unused',
        options=OPTIONS,
        protocol=name,
    )
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, **changes})
    metric, body = METRICS.build(cfg.test_evaluator), MODELS.build(cfg.model.body_model)
    batch = torch.utils.data.default_collate([dataset[i] for i in range(4)])
    truth = {
        'smpl_global_orient': torch.tensor(truth_of_all.global_orient, dtype=torch.float32),
        'smpl_body_pose': torch.tensor(truth_of_all.body_pose, dtype=torch.float32),
        'smpl_betas': torch.tensor(truth_of_all.betas, dtype=torch.float32),
    }
    pose, betas = smpl_targets(truth)
    posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
    metric.process(
        batch,
        [
            {'pred_vertices': v, 'pred_joints': j}
            for v, j in zip(posed['vertices'], posed['joints'])
        ],
    )
    return metric.evaluate(4)


def test_protocols_differ_in_what_they_say(repo):
    """Human3.6M protocol 2 is the frontal camera; MPI-INF-3DHP compares 17 joints."""
    cfgs = {
        name: Config.fromfile(repo / 'configs' / '_base_' / 'protocols' / f'{name}.py')
        for name in PROTOCOLS
    }
    files = {name: cfg.test_dataloader.dataset.ann_file for name, cfg in cfgs.items()}
    assert len(set(files.values())) == 4 and 'protocol2' in files['h36m_p2']
    assert all(files[f'{name}_mocap'] == files[name] for name in ('h36m_p1', 'h36m_p2'))
    assert cfgs['mpi_inf_3dhp'].test_evaluator.joint_set == 'h36m_17'
    sources = {name: cfg.test_evaluator.gt_source for name, cfg in cfgs.items()}
    assert {name for name, source in sources.items() if source == 'smpl'} == set(MESH_TRUTH)
    assert set(sources.values()) == {'smpl', 'keypoints3d'}


@pytest.mark.parametrize('name', ['h36m_p1', 'h36m_p1_mocap'])
def test_the_truth_of_human36m_is_the_mesh_or_motion_capture(repo, on_disk, truth_of_all, name):
    """With motion capture 30 mm off in one joint of 14, only errors against it change."""
    entries = h36m_test_entries(truth_of_all, 1)
    ankle = keypoint_names('human_data').index('left_ankle')
    entries['keypoints3d'][:, ankle, 2] += 0.03
    raw = dump(on_disk / 'moved.npz', entries)
    errors = errors_of_the_truth(repo, truth_of_all, name, ann_file=str(raw))
    expected = 30 / 14 if name == 'h36m_p1_mocap' else 0
    assert errors['mesh/mpjpe'] == pytest.approx(expected, abs=0.01)
    assert ('mesh/pve' in errors) == (name == 'h36m_p1')


def test_a_test_file_without_meshes_is_refused_and_measured_by_motion_capture(
    repo, on_disk, truth_of_all
):
    raw = str(dump(on_disk / 'no_mosh.npz', h36m_test_entries(truth_of_all, 1, mosh=False)))
    with pytest.raises(ValueError, match=r'no_mosh\.npz: .*nobody has smpl.*--protocol'):
        errors_of_the_truth(repo, truth_of_all, 'h36m_p1', ann_file=raw)
    errors = errors_of_the_truth(repo, truth_of_all, 'h36m_p1_mocap', ann_file=raw)
    assert errors['mesh/mpjpe'] < 0.01
