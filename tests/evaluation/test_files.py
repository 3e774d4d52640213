"""What a test leaves: a row per person whose means are the metrics, groups, pictures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import trimesh

from mroi_plugin import apis
from mroi_plugin.engine.config import load_config
from mroi_plugin.evaluation.functional.summaries import summarize, worst
from mroi_plugin.evaluation.metrics.per_sample import PerSample, action_of
from mroi_plugin.registry import MODELS
from mroi_plugin.visualization.predictions import remove_pictures


@pytest.fixture(scope='module')
def tested(repo, workspace, tmp_path_factory):
    """A network as it was drawn, tested with pictures."""
    folder = tmp_path_factory.mktemp('tested')
    config = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    patch = pytest.MonkeyPatch()
    patch.chdir(workspace)
    torch.manual_seed(0)
    model = MODELS.build(load_config(config, 'unused').model)
    torch.save(model.state_dict(), folder / 'm.pth')
    metrics = apis.test(
        config, str(folder / 'm.pth'), work_dir=str(folder / 'run'), num_show=3, worst=2
    )
    patch.undo()
    return folder / 'run', metrics


def test_means_of_the_rows_are_the_metrics(tested):
    folder, metrics = tested
    table = pd.read_csv(folder / 'per_sample.csv')
    assert len(table) == metrics['mesh/frames'] and table['sample_idx'].tolist() == list(range(8))
    for name in ('mpjpe', 'pa_mpjpe', 'pve', 'pa_pve', 'pck', 'auc', 'reprojection_px',
                 'reprojection_share', 'camera_residual_px', 'betas_error'):  # fmt: skip
        assert table[name].mean() == pytest.approx(metrics[f'mesh/{name}'], rel=1e-6), name
    joints = [column for column in table if column.startswith('joint/')]
    assert len(joints) == 14
    np.testing.assert_allclose(table[joints].mean(axis=1), table['mpjpe'], rtol=1e-5)


def test_the_json_holds_the_groups(tested):
    folder, metrics = tested
    content = json.loads((folder / 'metrics.json').read_text())
    assert content['mesh/mpjpe'] == metrics['mesh/mpjpe']
    assert sum(content['per_joint'].values()) / 14 == pytest.approx(metrics['mesh/mpjpe'])
    for name in ('per_offset', 'per_truncation', 'per_depth_m', 'per_num_rois'):
        groups = content[name].values()
        assert sum(group['instances'] for group in groups) == 8
        mean = sum(group['instances'] * group['mpjpe'] for group in groups) / 8
        assert mean == pytest.approx(metrics['mesh/mpjpe'])
    assert 'per_action' not in content


def test_pictures_of_some_and_of_the_worst(tested):
    folder, _ = tested
    table = pd.read_csv(folder / 'per_sample.csv')
    assert (folder / 'pictures' / 'contact_sheet.jpg').is_file()
    expected = {f'test_{i}.jpg' for i in table.nlargest(2, 'mpjpe')['sample_idx']}
    found = {path.name for path in (folder / 'pictures' / 'worst').iterdir()}
    assert found == {*expected, 'contact_sheet.jpg'}
    scene = trimesh.load(folder / 'pictures' / 'meshes.glb')
    assert sorted(scene.geometry) == sorted(
        f'{k}_{i}' for k in ('predicted', 'true') for i in range(3)
    )


def test_meshes_lie_pelvis_on_pelvis(tested):
    folder, _ = tested
    scene = trimesh.load(folder / 'pictures' / 'meshes.glb')
    body = MODELS.build({'type': 'SMPLBody', 'free_body': True})
    weights = body.J_regressor_h36m[0].numpy()
    for i in range(3):
        for kind in ('predicted', 'true'):
            vertices = scene.geometry[f'{kind}_{i}'].vertices
            np.testing.assert_allclose(weights @ vertices, [1.2 * i, 0, 0], atol=1e-5)


def test_the_json_says_what_confidence_is_worth(tested):
    folder, metrics = tested
    table = pd.read_csv(folder / 'per_sample.csv')
    assert table['confidence'].between(0, 1).all()
    content = json.loads((folder / 'metrics.json').read_text())
    assert -1 <= content['confidence_rank_correlation'] <= 1
    groups = content['per_confidence']
    assert len(groups) == 8 and sum(group['instances'] for group in groups.values()) == 8
    assert 'mesh/confidence' not in metrics


@pytest.mark.parametrize('sign', [1, -1])
def test_confidence_by_tenths(sign):
    rng = np.random.default_rng(0)
    confidence = rng.permutation(np.linspace(0, 1, 200))
    table = pd.DataFrame({'confidence': confidence, 'mpjpe': 200 - sign * 100 * confidence})
    found = summarize(table)
    assert found['confidence_rank_correlation'] == pytest.approx(sign)
    groups = list(found['per_confidence'].items())
    assert [group['instances'] for _, group in groups] == [20] * 10
    assert groups[0][0] == '01: 0.000 - 0.095' and groups[9][0] == '10: 0.905 - 1.000'
    means = [group['mpjpe'] for _, group in groups]
    assert means == sorted(means, reverse=sign == 1)


def test_confidence_of_one_roi_says_nothing():
    table = pd.DataFrame({'confidence': [np.nan] * 3, 'mpjpe': [1.0, 2, 3]})
    assert 'per_confidence' not in summarize(table)


def batch_of(indices):
    count = len(indices)
    return {
        'sample_idx': torch.tensor(indices),
        'image_path': [f'S9/S9_Walking_1.54138969_{i:06d}.jpg' for i in indices],
        'rois': torch.tensor([[[100.0, 0, 200]]]).repeat(count, 3, 1),
        'img': torch.zeros(count, 3, 3, 64, 48),
        'img_size': torch.tensor([[600.0, 800]]).repeat(count, 1),
        'principal_point': torch.tensor([[300.0, 400]]).repeat(count, 1),
        'smpl_transl': torch.tensor([[0.0, 0, 4]]).repeat(count, 1),
        'has_transl': torch.tensor([i % 2 for i in indices]),
    }


def test_circumstances_of_a_person():
    rows = PerSample(('a', 'b'))
    joints = torch.tensor([[1.0, 2], [3, 4]])
    rows.add(batch_of([1, 0]), {'mpjpe': joints.mean(1), 'joints': joints})
    table = rows.table()
    assert table['sample_idx'].tolist() == [0, 1] and table['joint/b'].tolist() == [4, 2]
    assert table['action'].tolist() == ['Walking'] * 2 and table['num_rois'].tolist() == [3, 3]
    assert table['offset'].tolist() == [0.1, 0.1] and table['truncation'].tolist() == [0, 0]
    assert np.isnan(table['depth_m'][0]) and table['depth_m'][1] == 4
    assert rows.table().empty


@pytest.mark.parametrize(
    ('middle', 'expected'), [((0, 400), 0.5), ((300, 0), 0.5), ((0, 0), 0.75), ((-500, 0), 1)]
)
def test_truncation_is_the_share_beyond_the_image(middle, expected):
    batch = batch_of([0])
    batch['rois'][0, 0, :2] = torch.tensor(middle) - batch['principal_point'][0]
    rows = PerSample(())
    rows.add(batch, {'mpjpe': torch.ones(1)})
    assert rows.table()['truncation'][0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ('path', 'action'),
    [
        ('S9/images/S9_Directions_1.54138969/S9_Directions_1.54138969_000001.jpg', 'Directions'),
        ('S11_WalkTogether.60457274_000006.jpg', 'WalkTogether'),
        ('S9_Sitting Down 1.55011271_000001.jpg', ''),
        ('imageFiles/downtown_walking_00/image_00000.jpg', ''),
    ],
)
def test_actions_of_human36m(path, action):
    assert action_of(path) == action


def test_groups_and_worst():
    table = pd.DataFrame(
        {
            'sample_idx': range(6),
            'mpjpe': [10.0, 20, 30, 40, 50, np.nan],
            'action': ['Eating', 'Eating', 'Walking', '', '', ''],
            'offset': [0.01, 0.05, 0.06, 0.25, 0.9, 0.9],
        }
    )
    found = summarize(table)
    assert found['per_action']['Eating'] == {'instances': 2, 'mpjpe': 15}
    assert found['per_offset']['0.05 - 0.1'] == {'instances': 2, 'mpjpe': 25}
    assert found['per_offset']['>= 0.3'] == {'instances': 2, 'mpjpe': 50}
    assert list(found['per_offset']) == ['< 0.05', '0.05 - 0.1', '0.2 - 0.3', '>= 0.3']
    assert worst(table, 2) == [4, 3] and worst(table, 0) == []


def run_rank(rank: int, folder: str) -> None:
    """Three batches over two ranks, one person padded."""
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    rows = PerSample(())
    for indices in ([0, 2], [4, 0]) if rank == 0 else ([1, 3],):
        rows.add(batch_of(indices), {'mpjpe': torch.tensor(indices).double()})
    rows.table().to_csv(f'{folder}/{rank}.csv', index=False)
    dist.destroy_process_group()


def test_rows_of_two_ranks_are_those_of_one(tmp_path):
    mp.spawn(run_rank, args=(str(tmp_path),), nprocs=2)
    for rank in range(2):
        table = pd.read_csv(tmp_path / f'{rank}.csv')
        assert table['sample_idx'].tolist() == list(range(5))
        assert table['mpjpe'].tolist() == list(range(5))


def test_pictures_of_an_earlier_test_go(tmp_path):
    for name in ('test_3.jpg', 'meshes.glb', 'worst/test_3.jpg', 'own.jpg', 'test_holiday.jpg'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for folder in (tmp_path, tmp_path / 'worst'):
        remove_pictures(folder)
    left = {p.name for p in tmp_path.rglob('*') if p.is_file()}
    assert left == {'own.jpg', 'test_holiday.jpg'}
