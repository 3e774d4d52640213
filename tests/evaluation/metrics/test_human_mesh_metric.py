"""The streaming metric against loops over persons, on one rank and on two."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.evaluator import Evaluator
from oracles import procrustes as oracle
from oracles.mesh_metric import NAMES, expected_metrics, posed_alone

from mroi_plugin.evaluation.functional.protocol import H36M_TO_J14, J14_NAMES, PELVIS_NAME
from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.registry import METRICS, MODELS

BODY = {'type': 'mroi_plugin.SMPLBody', 'free_body': True}
K = 54


@pytest.fixture(scope='module')
def body():
    """The neutral free body."""
    return MODELS.build(BODY)


def truth_batch(persons: int, seed: int = 0) -> dict:
    """Collated ground truth of random persons; the last one has none."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, std: float = 1.0) -> torch.Tensor:
        return std * torch.randn(persons, *shape, generator=generator)

    has_smpl = torch.ones(persons)
    has_smpl[-1] = 0
    return {
        'smpl_global_orient': normal(3),
        'smpl_body_pose': normal(23, 3, std=0.2),
        'smpl_betas': normal(10),
        'has_smpl': has_smpl,
        'gender': torch.full((persons,), -1),
        'sample_idx': torch.arange(persons),
        'keypoints3d': torch.cat([normal(K, 3, std=0.3), torch.ones(persons, K, 1)], -1),
    }


def predictions(body, batch: dict, rois: int = 3, seed: int = 1) -> list[dict]:
    """What an estimator would answer: other poses and shapes, and cameras that disagree."""
    generator = torch.Generator().manual_seed(seed)
    persons = len(batch['has_smpl'])

    def off(name: str, std: float) -> torch.Tensor:
        value = batch[name]
        return value + std * torch.randn(value.shape, generator=generator)

    posed = body(
        global_orient=off('smpl_global_orient', 0.2),
        body_pose=off('smpl_body_pose', 0.1).flatten(1),
        betas=off('smpl_betas', 0.5),
    )
    full = torch.tensor([0.1, -0.2, 6.0]) + 0.1 * torch.randn(persons, rois, 3, generator=generator)
    return [
        {
            'pred_vertices': posed['vertices'][i],
            'pred_joints': posed['joints'][i],
            'pred_cam_full': full[i],
            'pred_transl': full[i, 0],
            'focal_length': torch.tensor(1000.0 + i),
            'sample_idx': batch['sample_idx'][i],
        }
        for i in range(persons)
    ]


def split(batch: dict, samples: list[dict], sizes: list[int]):
    """The same persons as several batches."""
    start = 0
    for size in sizes:
        part = slice(start, start + size)
        yield {name: value[part] for name, value in batch.items()}, samples[part]
        start += size


def test_is_the_loop_over_persons_however_they_are_batched(body):
    batch = truth_batch(7)
    samples = predictions(body, batch)
    expected = expected_metrics(body, batch, samples)
    for sizes in ([7], [3, 3, 1], [1] * 7):
        metric = HumanMeshMetric(BODY)
        for part, some in split(batch, samples, sizes):
            metric.process(part, some)
        actual = metric.evaluate(7)
        for name, value in expected.items():
            assert actual[f'mesh/{name}'] == pytest.approx(value, rel=1e-4), name
        assert actual['mesh/frames'] == 6 and actual['mesh/frames_without_truth'] == 1


def test_perfect_predictions_have_no_error(body):
    batch = truth_batch(3)
    batch['has_smpl'][:] = 1
    samples = predictions(body, batch)
    for i, sample in enumerate(samples):
        sample['pred_vertices'] = torch.tensor(posed_alone(body, batch, i)).float() + 2.0
        sample['pred_cam_full'][:] = sample['pred_cam_full'][0].clone()
    metric = HumanMeshMetric(BODY)
    metric.process(batch, samples)
    actual = metric.evaluate(3)
    for name in NAMES:
        assert actual[f'mesh/{name}'] < 0.01, name


def test_truth_is_posed_with_the_gender_and_the_prediction_stays_neutral(body, tmp_path):
    """Three different bodies: a male prediction of the same parameters must not be error-free."""
    folder = gendered_files(tmp_path)
    config = {'type': 'mroi_plugin.SMPLBody', 'model_path': str(folder), 'free_body': False}
    bodies = {
        code: MODELS.build({**config, 'gender': name})
        for code, name in ((0, 'male'), (1, 'female'), (-1, 'neutral'))
    }
    batch = truth_batch(6)
    batch['has_smpl'][:] = 1
    batch['gender'] = torch.tensor([1, 0, -1, 0, 1, -1])
    samples = predictions(bodies[-1], batch)
    metric = HumanMeshMetric(config)
    metric.process(batch, samples)
    actual = metric.evaluate(6)
    for name, value in expected_metrics(bodies[-1], batch, samples, bodies).items():
        assert actual[f'mesh/{name}'] == pytest.approx(value, rel=1e-4), name
    neutral = expected_metrics(bodies[-1], batch, samples)
    assert abs(actual['mesh/pve'] - neutral['pve']) > 1.0


def gendered_files(folder):
    """An SMPL-style folder whose male body is 10 % larger and whose female body 10 % smaller."""
    from mroi_plugin.models.body_models.free_body import export_free_body

    root = export_free_body(folder / 'smpl')
    for gender, factor in (('MALE', 1.1), ('FEMALE', 0.9)):
        path = root / f'SMPL_{gender}.pkl'
        with path.open('rb') as file:
            data = pickle.load(file)
        data['v_template'] = data['v_template'] * factor
        with path.open('wb') as file:
            pickle.dump(data, file)
    return root


def test_unknown_gender_is_named(body):
    batch = truth_batch(2)
    batch['gender'][0] = 7
    with pytest.raises(ValueError, match=r'gender=\[7\]'):
        HumanMeshMetric(BODY).process(batch, predictions(body, batch))


def test_one_roi_has_no_camera_residual(body):
    batch = truth_batch(3)
    metric = HumanMeshMetric(BODY)
    metric.process(batch, predictions(body, batch, rois=1))
    assert 'mesh/camera_residual_px' not in metric.evaluate(3)


def test_annotated_joints_as_truth(body):
    """Human3.6M: the mocap joints are the truth; persons without all of them are left out."""
    batch = truth_batch(4)
    names = keypoint_names('smpl_54')
    batch['keypoints3d'][2, names.index('left_wrist'), 3] = 0
    samples = predictions(body, batch)
    metric = HumanMeshMetric(BODY, gt_source='keypoints3d')
    metric.process(batch, samples)
    actual = metric.evaluate(4)
    regressor = body.J_regressor_h36m.double().numpy()
    errors, pa_errors = [], []
    for i in (0, 1, 3):
        joints = regressor @ samples[i]['pred_vertices'].double().numpy()
        truth = batch['keypoints3d'][i, :, :3].double().numpy()
        j14 = joints[None, list(H36M_TO_J14)]
        true_j14 = truth[None, [names.index(name) for name in J14_NAMES]]
        root = truth[None, names.index(PELVIS_NAME)]
        errors.append(1000 * oracle.mpjpe(j14, true_j14, joints[None, 0], root))
        pa_errors.append(1000 * oracle.pa_mpjpe(j14, true_j14))
    assert actual['mesh/mpjpe'] == pytest.approx(np.mean(errors), rel=1e-5)
    assert actual['mesh/pa_mpjpe'] == pytest.approx(np.mean(pa_errors), rel=1e-5)
    assert 'mesh/pve' not in actual
    assert actual['mesh/frames'] == 3 and actual['mesh/frames_without_truth'] == 1


@pytest.mark.parametrize('size', [2, 4])
def test_every_frame_must_be_seen_once(body, size):
    batch = truth_batch(3)
    metric = HumanMeshMetric(BODY)
    metric.process(batch, predictions(body, batch))
    with pytest.raises(ValueError, match=rf'saw 3 frames .* of {size}.*round_up=False'):
        metric.evaluate(size)


@pytest.mark.parametrize('gt_source', ['smpl', 'keypoints3d'])
def test_no_ground_truth_at_all_is_an_error(body, gt_source):
    batch = truth_batch(3)
    batch['has_smpl'][:] = 0
    batch['keypoints3d'][..., 3] = 0
    metric = HumanMeshMetric(BODY, gt_source=gt_source)
    metric.process(batch, predictions(body, batch))
    with pytest.raises(ValueError, match=f"gt_source='{gt_source}'.*none of the 3 frames"):
        metric.evaluate(3)


def test_diverged_predictions_are_named(body):
    batch = truth_batch(3)
    samples = predictions(body, batch)
    samples[1]['pred_vertices'] = samples[1]['pred_vertices'] * float('nan')
    with pytest.raises(ValueError, match=r'sample_idx \[1\] are not finite'):
        HumanMeshMetric(BODY).process(batch, samples)


def test_unknown_source():
    with pytest.raises(ValueError, match="gt_source='mesh'"):
        HumanMeshMetric(BODY, gt_source='mesh')


def test_keeps_numbers_of_no_single_frame(body):
    """Constant memory: after 40 frames the metric holds what it held after 4."""
    batch = truth_batch(4)
    samples = predictions(body, batch)
    metric = HumanMeshMetric(BODY)
    sizes = []
    for _ in range(10):
        metric.process(batch, copy.deepcopy(samples))
        sizes.append(len(pickle.dumps((metric.results, metric.means))))
    assert metric.results == [] and len(set(sizes)) == 1
    assert metric.evaluate(40)['mesh/frames'] == 30


def test_a_second_evaluation_starts_afresh(body):
    batch = truth_batch(3)
    samples = predictions(body, batch)
    metric = HumanMeshMetric(BODY)
    results = []
    for _ in range(2):
        metric.process(batch, samples)
        results.append(metric.evaluate(3))
    assert results[0] == results[1]


def test_runs_in_mmengines_evaluator(body):
    batch = truth_batch(3)
    metric = METRICS.build({'type': 'HumanMeshMetric', 'body_model': BODY, 'prefix': 'pw3d'})
    evaluator = Evaluator(metric)
    evaluator.process(data_samples=predictions(body, batch), data_batch=batch)
    assert set(evaluator.evaluate(3)) >= {f'pw3d/{name}' for name in NAMES}


def run_rank(rank: int, folder: str) -> None:
    """One of two ranks with its share of the persons: save what it reports."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    batch, samples = torch.load(f'{folder}/data.pt', weights_only=True)
    metric = HumanMeshMetric(BODY)
    part = slice(0, 4) if rank == 0 else slice(4, 7)
    metric.process({name: value[part] for name, value in batch.items()}, samples[part])
    Path(folder, f'{rank}.json').write_text(json.dumps(metric.evaluate(7)))
    dist.destroy_process_group()


def test_two_ranks_report_what_one_does(body, tmp_path):
    batch = truth_batch(7)
    samples = predictions(body, batch)
    torch.save((batch, samples), tmp_path / 'data.pt')
    mp.spawn(run_rank, args=(str(tmp_path),), nprocs=2)
    metric = HumanMeshMetric(BODY)
    metric.process(batch, samples)
    expected = metric.evaluate(7)
    for rank in range(2):
        actual = json.loads((tmp_path / f'{rank}.json').read_text())
        assert actual == pytest.approx(expected, rel=1e-6)
