"""The embedded data: exact annotations, one seed one result, readable by the host itself."""

from __future__ import annotations

import hashlib
import json

import cv2
import numpy as np
import pytest
import torch
from synthetic_humans.body import SyntheticBody
from synthetic_humans.build import build_synthetic_data

from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.models.body_models.free_body import load_free_body
from mroi_plugin.models.body_models.smpl import SMPLBody

SIZES = {(640, 480), (480, 640), (960, 540)}


def digests(folder):
    files = sorted(p for p in folder.rglob('*') if p.is_file())
    return {str(p.relative_to(folder)): hashlib.md5(p.read_bytes()).hexdigest() for p in files}


def test_same_seed_same_bytes_whatever_the_processes(tmp_path):
    for name, seed, jobs in (('a', 3, 1), ('b', 3, 2), ('c', 4, 1)):
        build_synthetic_data(tmp_path / name, train=4, test=2, seed=seed, jobs=jobs, quiet=True)
    first, again, other = (digests(tmp_path / name) for name in 'abc')
    assert len(first) == 9 and first == again
    assert all(first[f] != other[f] for f in first)


def test_complete_data_is_recognized_and_other_data_kept(tmp_path):
    options = {'train': 2, 'test': 1, 'jobs': 1, 'quiet': True}
    assert build_synthetic_data(tmp_path, **options)
    before = digests(tmp_path)
    assert not build_synthetic_data(tmp_path, **options)
    with pytest.raises(ValueError, match='--force'):
        build_synthetic_data(tmp_path, **{**options, 'seed': 1})
    assert digests(tmp_path) == before
    assert build_synthetic_data(tmp_path, **options, force=True) and digests(tmp_path) == before


def test_interrupted_build_goes_on(tmp_path):
    options = {'train': 3, 'test': 1, 'jobs': 1, 'quiet': True}
    build_synthetic_data(tmp_path, **options)
    before = digests(tmp_path)
    manifest = json.loads((tmp_path / 'manifest.json').read_text())
    (tmp_path / 'manifest.json').write_text(json.dumps({**manifest, 'complete': False}))
    sorted((tmp_path / 'datasets' / 'synthetic' / 'train').iterdir())[1].unlink()
    (tmp_path / 'preprocessed_datasets' / 'synthetic_train.npz').unlink()
    assert build_synthetic_data(tmp_path, **options) and digests(tmp_path) == before


@pytest.mark.parametrize('options', [{'train': 0}, {'test': -1}, {'jobs': 0}, {'seed': -1}])
def test_impossible_counts_are_refused(tmp_path, options):
    with pytest.raises(ValueError, match=f'--{next(iter(options))} must be'):
        build_synthetic_data(tmp_path, **options)


@pytest.fixture(scope='module')
def annotations(workspace):
    path = workspace / 'data' / 'synthetic' / 'preprocessed_datasets' / 'synthetic_train.npz'
    return read_annotations(str(path), 'smpl_54')


@pytest.fixture(scope='module')
def images(workspace, annotations):
    folder = workspace / 'data' / 'synthetic' / 'datasets' / 'synthetic'
    return [cv2.imread(str(folder / path)) for path in annotations.image_paths]


def test_reprojecting_the_annotation_gives_the_stored_joints(annotations):
    """SMPL parameters through mmhuman3d's SMPL and the annotated camera: within 0.5 px."""
    arrays = {name: torch.tensor(value) for name, value in annotations.arrays.items()}
    body = SMPLBody('nowhere', free_body=True)
    out = body(
        global_orient=arrays['smpl_global_orient'],
        body_pose=arrays['smpl_body_pose'].reshape(-1, 69),
        betas=arrays['smpl_betas'],
    )
    joints = out['joints'] + arrays['smpl_transl'][:, None]
    assert (joints - arrays['keypoints3d'][..., :3]).abs().max() < 1e-3
    pixels = arrays['focal_length'][:, None, None] * joints[..., :2] / joints[..., 2:]
    pixels = pixels + arrays['principal_point'][:, None]
    seen = arrays['keypoints2d'][..., 2] > 0
    assert seen.float().mean() > 0.5
    assert (pixels - arrays['keypoints2d'][..., :2])[seen].abs().max() < 0.5


def test_what_the_images_are_like(annotations, images):
    arrays = annotations.arrays
    sizes = np.array([(image.shape[1], image.shape[0]) for image in images])
    assert {tuple(size) for size in sizes} <= SIZES and len({tuple(s) for s in sizes}) > 1
    fields = 2 * np.rad2deg(np.arctan(sizes / 2 / arrays['focal_length'][:, None]))
    assert (fields.max(1) < 76).all() and (fields.max(1) > 24).all()
    depth = arrays['smpl_transl'][:, 2]
    assert depth.min() > 1.0 and depth.max() < 9
    offset = arrays['principal_point'] - sizes / 2
    assert np.abs(offset).max() < 0.12 * sizes.max() and len(np.unique(offset.round(3), axis=0)) > 5
    assert (arrays['box_size'] >= 30).all()
    low = arrays['box_center'] - arrays['box_size'] / 2
    high = arrays['box_center'] + arrays['box_size'] / 2
    assert (low >= -0.51).all() and (high <= sizes + 0.51).all()


def test_joints_lie_in_the_box_and_confidence_says_what_is_in_the_image(annotations, images):
    for i, image in enumerate(images):
        keypoints = annotations.arrays['keypoints2d'][i]
        inside = keypoints[keypoints[:, 2] > 0, :2]
        assert (inside >= -0.51).all() and (inside <= np.array(image.shape[1::-1]) - 0.49).all()
        center, size = annotations.arrays['box_center'][i], annotations.arrays['box_size'][i]
        assert (np.abs(inside - center) <= size / 2 + 0.06 * size.max() + 3).all()


def test_betas_and_yaw_cover_their_ranges(annotations):
    betas = annotations.arrays['smpl_betas']
    assert 0.7 < betas.std() < 1.3 and np.abs(betas.mean()) < 0.3
    orient = annotations.arrays['smpl_global_orient']
    facing = np.array([cv2.Rodrigues(o.astype(np.float64))[0][:, 2] for o in orient])
    assert (facing[:, 2] > 0.3).any() and (facing[:, 2] < -0.3).any()
    assert (facing[:, 0] > 0.3).any() and (facing[:, 0] < -0.3).any()


def test_numpy_body_is_smplxs():
    rng = np.random.default_rng(0)
    pose, betas = rng.standard_normal((24, 3)) * 0.4, rng.standard_normal(10)
    ours = SyntheticBody(load_free_body()).pose(pose[0], pose[1:], betas)
    out = SMPLBody('nowhere', free_body=True)(
        global_orient=torch.tensor(pose[:1]).float(),
        body_pose=torch.tensor(pose[1:]).float().reshape(1, 69),
        betas=torch.tensor(betas).float()[None],
    )
    assert np.abs(ours.vertices - out['vertices'][0].numpy()).max() < 1e-4
    assert np.abs(ours.joints - out['joints'][0].numpy()).max() < 1e-4


def test_stock_mmhuman3d_reads_the_files(workspace):
    from mmhuman3d.data.datasets import HumanImageDataset

    data = HumanImageDataset(
        data_prefix=str(workspace / 'data' / 'synthetic'),
        pipeline=[],
        dataset_name='synthetic',
        ann_file='synthetic_test.npz',
        convention='smpl_54',
    )
    sample = data.prepare_raw_data(0)
    assert cv2.imread(sample['image_path']) is not None
    assert sample['has_smpl'] == 1 and sample['keypoints2d'].shape == (54, 3)
    assert np.abs(sample['smpl_transl']).max() > 1
