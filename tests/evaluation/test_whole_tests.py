"""A test as users run it where it is not the plain case: several ranks, files and metrics."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from mroi_plugin import apis
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS

IN_PROCESS = ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']


@pytest.fixture
def trained(repo, in_workspace, tmp_path):
    """A config and a checkpoint of it, as the network was drawn."""
    config = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    torch.manual_seed(0)
    torch.save(MODELS.build(load_config(config).model).state_dict(), tmp_path / 'm.pth')
    return config, str(tmp_path / 'm.pth')


def run_rank(rank: int, config: str, checkpoint: str, folder: str) -> None:
    """A rank of two."""
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2')
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    apis.test(
        config,
        checkpoint,
        work_dir=f'{folder}/two',
        launcher='pytorch',
        options=[*IN_PROCESS, 'test_dataloader.batch_size=3'],
        num_show=2,
        worst=1,
    )
    dist.barrier()  # rank 0 draws; a rank that has gone breaks its connections
    dist.destroy_process_group()


def test_two_ranks_leave_what_one_leaves(trained, tmp_path):
    """The model is shared through a wrapper, which no file shows."""
    apis.test(*trained, work_dir=str(tmp_path / 'one'), options=IN_PROCESS, num_show=2, worst=1)
    mp.spawn(run_rank, args=(*trained, str(tmp_path)), nprocs=2)
    one, two = (pd.read_csv(tmp_path / name / 'per_sample.csv') for name in ('one', 'two'))
    pd.testing.assert_frame_equal(one, two, rtol=1e-4, atol=1e-4)
    for name in ('contact_sheet.jpg', 'meshes.glb', 'worst/contact_sheet.jpg'):
        assert (tmp_path / 'two' / 'pictures' / name).is_file(), name


def variant(config: str, path, lines: str) -> str:
    path.write_text(f'_base_ = {config!r}\n{lines}\n')
    return str(path)


def test_persons_of_several_files_are_all_kept(trained, tmp_path):
    """Persons of two files have the same place in theirs and are two rows nevertheless."""
    config, checkpoint = trained
    plain = load_config(config).test_dataloader.dataset.to_dict()
    own = {key: value for key, value in plain.items() if key not in ('type', 'pipeline')}
    both = variant(
        config,
        tmp_path / 'both.py',
        "test_dataloader = dict(dataset=dict(_delete_=True, type='ConcatHumanDataset', "
        f'pipeline={plain["pipeline"]!r}, datasets=dict(a={own!r}, b={own!r})))',
    )
    metrics = apis.test(
        both, checkpoint, work_dir=str(tmp_path / 'run'), options=IN_PROCESS, num_show=2, worst=2
    )
    table = pd.read_csv(tmp_path / 'run' / 'per_sample.csv')
    assert metrics['mesh/frames'] == 16 and table['sample_idx'].tolist() == list(range(16))
    pd.testing.assert_series_equal(table['mpjpe'][:8], table['mpjpe'][8:], check_index=False)
    assert (tmp_path / 'run' / 'pictures' / 'test_15.jpg').is_file()
    assert len(list((tmp_path / 'run' / 'pictures' / 'worst').glob('test_*.jpg'))) == 2


def test_several_metrics(trained, tmp_path):
    """The rows are those of the first; the second may be of another kind of truth."""
    config, checkpoint = trained
    body = load_config(config).test_evaluator.to_dict()['body_model']
    listed = variant(
        config,
        tmp_path / 'listed.py',
        f"metric = dict(type='HumanMeshMetric', body_model={body!r})\n"
        "test_evaluator = [metric, dict(**metric, gt_source='keypoints3d', prefix='mocap')]",
    )
    metrics = apis.test(listed, checkpoint, work_dir=str(tmp_path / 'run'), options=IN_PROCESS)
    table = pd.read_csv(tmp_path / 'run' / 'per_sample.csv')
    assert table['mpjpe'].mean() == pytest.approx(metrics['mesh/mpjpe'], rel=1e-6)
    assert 'mocap/mpjpe' in json.loads((tmp_path / 'run' / 'metrics.json').read_text())


def test_metrics_that_know_no_persons(trained, tmp_path):
    """Another kind of metric leaves its numbers, and no table."""
    config, checkpoint = trained
    dump = variant(
        config,
        tmp_path / 'dump.py',
        "test_evaluator = dict(_delete_=True, type='mmengine.DumpResults', "
        f'out_file_path={str(tmp_path / "results.pkl")!r})',
    )
    apis.test(dump, checkpoint, work_dir=str(tmp_path / 'run'), options=IN_PROCESS, worst=2)
    assert json.loads((tmp_path / 'run' / 'metrics.json').read_text())['config'] == dump
    assert not (tmp_path / 'run' / 'per_sample.csv').exists()
    assert not (tmp_path / 'run' / 'pictures').exists()
