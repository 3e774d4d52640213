"""The free body's two sides are mirror images: at rest, in any shape and pose, in a flipped sample.

Twins are looked up in the template, whose stored numbers are mirrored to the last bit.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from smplx.vertex_ids import vertex_ids

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.transforms.geometry import SMPL_MIRROR, flip_sample
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation
from mroi_plugin.models.body_models.free_body import load_free_body
from mroi_plugin.models.body_models.smpl import SMPLBody

SIGNS = np.array([-1, 1, 1])
EXACT = dict(rtol=0, atol=2e-7)  # weights are normalized by sums in another order
ROWS = {
    'J_regressor': SMPL_MIRROR,
    'J_regressor_h36m': flip_permutation('h36m'),
    'J_regressor_extra': flip_permutation('smpl_54')[45:] - 45,
}


@pytest.fixture(scope='module')
def arrays():
    return load_free_body()


@pytest.fixture(scope='module')
def twins(arrays):
    """(6890) vertex whose place is the exact mirror image of each vertex's."""
    place = {tuple(vertex): i for i, vertex in enumerate(arrays['v_template'] + 0.0)}
    return np.array([place[tuple(vertex)] for vertex in arrays['v_template'] * SIGNS + 0.0])


@pytest.fixture(scope='module')
def body():
    return SMPLBody('nowhere', free_body=True).double()


def posed(body, pose, betas):
    """Vertices (N, 6890, 3) and joints (N, 54, 3) of poses (N, 24, 3), radians."""
    pose, betas = torch.as_tensor(pose).double(), torch.as_tensor(betas).double()
    out = body(global_orient=pose[:, 0], body_pose=pose[:, 1:].reshape(-1, 69), betas=betas)
    return out['vertices'].numpy(), out['joints'].numpy()


def test_twins_are_mutual_and_landmarks_too(twins):
    np.testing.assert_array_equal(twins[twins], np.arange(6890))
    for name, vertex in vertex_ids['smplh'].items():
        other = {'l': 'r', 'r': 'l', 'L': 'R', 'R': 'L'}.get(name[0], name[0]) + name[1:]
        assert twins[vertex] == vertex_ids['smplh'][other], name


def test_every_array_is_its_mirror_image(arrays, twins):
    faces = {tuple(np.roll(f, -f.argmin())) for f in arrays['f']}
    assert faces == {tuple(np.roll(f, -f.argmin())) for f in twins[arrays['f']][:, ::-1]}
    shapes = arrays['shapedirs']
    np.testing.assert_array_equal(shapes[twins] * SIGNS[:, None], shapes)
    weights = arrays['weights']
    np.testing.assert_allclose(weights[twins][:, SMPL_MIRROR], weights, **EXACT)
    for name, rows in ROWS.items():
        np.testing.assert_array_equal(arrays[name][rows][:, twins], arrays[name])
    turns = arrays['posedirs'].reshape(6890, 3, 23, 3, 3)
    mirrored = turns[twins][:, :, SMPL_MIRROR[1:] - 1] * SIGNS[:, None, None, None]
    np.testing.assert_array_equal(mirrored * np.outer(SIGNS, SIGNS), turns)


def test_posing_the_mirrored_pose_mirrors_every_vertex(body, twins):
    rng = np.random.default_rng(0)
    pose, betas = rng.standard_normal((20, 24, 3)) * 0.5, rng.standard_normal((20, 10)) * 1.5
    vertices, joints = posed(body, pose, betas)
    mirrored, mirrored_joints = posed(body, pose[:, SMPL_MIRROR] * [1, -1, -1], betas)
    assert np.abs(vertices[:, twins] * SIGNS - mirrored).max() < 1e-5
    order = flip_permutation('smpl_54')
    assert np.abs(joints[:, order] * SIGNS - mirrored_joints).max() < 1e-5


def test_a_flipped_sample_is_still_the_body_it_says(body, workspace):
    """The body of the flipped parameters has the flipped joints: 0.1 mm and 0.1 px."""
    path = workspace / 'data' / 'synthetic' / 'preprocessed_datasets' / 'synthetic_train.npz'
    free = {'type': 'SMPLBody', 'model_path': 'nowhere', 'free_body': True}
    dataset = MultiRoIHumanDataset(str(path), '', [], body_model=free)
    apart_mm, apart_px = [], []
    for index in range(len(dataset)):
        sample = flip_sample(
            {**dataset.raw_sample(index), 'image_affine': np.eye(2, 3), 'img_size': (640, 480)},
            flip_permutation('smpl_54'),
        )
        pose = np.concatenate([sample['smpl_global_orient'][None], sample['smpl_body_pose']])
        joints = posed(body, pose[None], sample['smpl_betas'][None])[1][0] + sample['smpl_transl']
        truth, pixels = sample['keypoints3d'], sample['keypoints2d']
        apart_mm.append(1000 * np.abs(joints - truth[:, :3])[truth[:, 3] > 0].max())
        seen = sample['focal_length'] * joints[:, :2] / joints[:, 2:] + sample['principal_point']
        apart_px.append(np.abs(seen - pixels[:, :2])[pixels[:, 2] > 0].max())
    print(f'flipped: {max(apart_mm):.3f} mm, {max(apart_px):.3f} px apart')
    assert max(apart_mm) < 0.1 and max(apart_px) < 0.1
