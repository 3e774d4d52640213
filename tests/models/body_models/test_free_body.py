"""The free body: SMPL's format, sound geometry, anatomical places, plausible in any pose."""

from __future__ import annotations

import os

import numpy as np
import pytest
import smplx
import torch
import trimesh
from smplx.vertex_ids import vertex_ids
from synthetic_humans.body_sheet import POSES, axis_angles

from mroi_plugin.models.body_models.free_body import (
    ASSET,
    export_free_body,
    free_mean_params,
    load_free_body,
)
from mroi_plugin.models.body_models.smpl import SMPLBody, body_digest, load_mean_params
from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix

PLACES = vertex_ids['smplh']


@pytest.fixture(scope='module')
def arrays():
    return load_free_body()


@pytest.fixture(scope='module')
def body():
    return SMPLBody('nowhere', free_body=True)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return export_free_body(tmp_path_factory.mktemp('body'))


def posed(body, pose, betas=None):
    pose = torch.as_tensor(pose, dtype=torch.float32).reshape(1, 24, 3)
    betas = torch.zeros(1, 10) if betas is None else torch.as_tensor(betas).float().view(1, 10)
    out = body(global_orient=pose[:, 0], body_pose=pose[:, 1:].reshape(1, 69), betas=betas)
    return out['vertices'][0].numpy(), out['joints'][0].numpy()


def test_file_is_small():
    assert os.path.getsize(ASSET) <= 2e6


def test_shapes_and_topology(arrays):
    shapes = {name: value.shape for name, value in arrays.items()}
    assert shapes == {
        'v_template': (6890, 3),
        'f': (13776, 3),
        'shapedirs': (6890, 3, 10),
        'posedirs': (6890, 3, 207),
        'weights': (6890, 24),
        'kintree_table': (2, 24),
        'J_regressor': (24, 6890),
        'J_regressor_h36m': (17, 6890),
        'J_regressor_extra': (9, 6890),
    }
    mesh = trimesh.Trimesh(arrays['v_template'], arrays['f'], process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.euler_number == 2
    assert 0.05 < mesh.volume < 0.09 and mesh.body_count == 1


def test_kinematic_tree_is_smpls(arrays):
    parents = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
    assert arrays['kintree_table'][0, 0] == 2**32 - 1
    assert arrays['kintree_table'][0, 1:].tolist() == parents[1:]


def test_weights_and_regressors_are_averages(arrays):
    for name in ('weights', 'J_regressor', 'J_regressor_h36m', 'J_regressor_extra'):
        assert (arrays[name] >= 0).all()
        np.testing.assert_allclose(arrays[name].sum(1), 1, atol=1e-4)
    for name in ('J_regressor', 'J_regressor_h36m', 'J_regressor_extra'):
        assert ((arrays[name] > 0).sum(1) < 200).all()


def test_joints_are_in_order_and_mirrored(arrays):
    joints = arrays['J_regressor'] @ arrays['v_template']
    np.testing.assert_allclose(joints[0], 0, atol=1e-3)  # pelvis at the origin
    pairs = [(1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23)]
    for left, right in pairs:
        assert joints[left, 0] > 0.01  # the person's left is +x
        np.testing.assert_allclose(joints[left] * [-1, 1, 1], joints[right], atol=0.01)
    up = joints[:, 1]
    assert up[15] > up[12] > up[9] > up[6] > up[3] > up[0] > up[4] > up[7] > up[10]
    x = joints[:, 0]
    assert x[22] > x[20] > x[18] > x[16] > x[13]  # arms sideways
    np.testing.assert_allclose(joints[[18, 20, 22], 1], joints[16, 1], atol=0.02)
    assert joints[10, 2] > joints[7, 2] + 0.08  # toes point to +z


def test_vertex_ids_are_the_anatomical_places(arrays):
    vertices = arrays['v_template']
    place = {name: vertices[index] for name, index in PLACES.items()}
    head = vertices[arrays['weights'][:, 15] > 0.5]
    assert abs(place['nose'][0]) < 0.01 and place['nose'][2] > head[:, 2].max() - 0.005
    assert head[:, 1].min() < place['nose'][1] < place['leye'][1] < head[:, 1].max() - 0.05
    for left, right in (('leye', 'reye'), ('lear', 'rear'), ('LHeel', 'RHeel')):
        np.testing.assert_allclose(place[left] * [-1, 1, 1], place[right], atol=0.01)
    assert 0.02 < place['leye'][0] < 0.045 and place['leye'][2] > 0.1
    assert place['lear'][0] > head[:, 0].max() - 0.005
    tips = [place[f'l{finger}'] for finger in ('thumb', 'index', 'middle', 'ring', 'pinky')]
    assert (np.diff([tip[2] for tip in tips]) < 0).all()  # palm down: thumb in front
    assert place['lmiddle'][0] == pytest.approx(vertices[:, 0].max(), abs=1e-3)
    for side in 'LR':
        floor = vertices[:, 1].min()
        assert place[f'{side}BigToe'][2] > 0.15 and place[f'{side}BigToe'][1] < floor + 0.05
        assert abs(place[f'{side}BigToe'][0]) < abs(place[f'{side}SmallToe'][0])
        assert place[f'{side}Heel'][2] < -0.05 and place[f'{side}Heel'][1] < floor + 0.06


def test_shape_directions_are_standard_deviations_of_adults(body):
    rng = np.random.default_rng(0)
    heights = []
    for betas in rng.standard_normal((60, 10)):
        vertices, _ = posed(body, np.zeros((24, 3)), betas)
        heights.append(np.ptp(vertices[:, 1]))
    assert 1.68 < np.mean(heights) < 1.80 and 0.06 < np.std(heights) < 0.12


def test_pose_directions_vanish_at_rest_and_act_when_posed(arrays, body):
    rest, _ = posed(body, np.zeros((24, 3)))
    np.testing.assert_allclose(rest, arrays['v_template'], atol=1e-6)
    assert np.abs(arrays['posedirs']).max() > 0.005


@pytest.mark.parametrize('name', POSES)
def test_poses_keep_volume_and_do_not_tear(arrays, body, name):
    """Limbs must not collapse: volume within 6 %, and hardly an edge stretched beyond 2.5 times."""
    rest = trimesh.Trimesh(arrays['v_template'], arrays['f'], process=False)
    vertices, joints = posed(body, axis_angles(POSES[name]))
    moved = trimesh.Trimesh(vertices, arrays['f'], process=False)
    assert moved.volume == pytest.approx(rest.volume, rel=0.06)
    stretch = moved.edges_unique_length / rest.edges_unique_length
    assert (stretch > 2.5).mean() < 0.005
    assert np.isfinite(joints).all()


def test_pose_directions_restore_volume_of_a_bent_knee(arrays):
    """Against plain linear skinning, which loses volume at a bend."""
    pose = np.zeros((24, 3))
    pose[4] = pose[5] = [1.8, 0, 0]
    plain = {**arrays, 'posedirs': np.zeros_like(arrays['posedirs'])}
    volumes = []
    for model in (plain, arrays):
        struct = smplx.utils.Struct(**{k: np.array(v) for k, v in model.items()})
        vertices, _ = _smplx_forward(smplx.SMPL('unused', data_struct=struct), pose)
        volumes.append(trimesh.Trimesh(vertices, arrays['f'], process=False).volume)
    rest = trimesh.Trimesh(arrays['v_template'], arrays['f'], process=False).volume
    assert abs(volumes[1] - rest) < abs(volumes[0] - rest)


def _smplx_forward(model, pose, betas=None):
    pose = torch.as_tensor(pose, dtype=torch.float32)
    betas = torch.zeros(1, 10) if betas is None else betas
    out = model(global_orient=pose[:1], body_pose=pose[1:].reshape(1, 69), betas=betas)
    return out.vertices[0].detach().numpy(), out.joints[0].detach().numpy()


def test_loads_through_smplx_and_mmhuman3d_unchanged(folder, body):
    from mmhuman3d.models.body_models.smpl import SMPL

    rng = np.random.default_rng(1)
    pose, betas = rng.standard_normal((24, 3)) * 0.3, torch.randn(1, 10)
    by_smplx, joints = _smplx_forward(smplx.SMPL(str(folder), gender='neutral'), pose, betas)
    host = SMPL(
        str(folder),
        keypoint_src='smpl_54',
        keypoint_dst='smpl_54',
        extra_joints_regressor=str(folder / 'J_regressor_extra.npy'),
    )
    out = host(
        global_orient=torch.tensor(pose[:1]).float(),
        body_pose=torch.tensor(pose[1:]).float().reshape(1, 69),
        betas=betas,
    )
    ours, our_joints = posed(body, pose, betas)
    np.testing.assert_allclose(out['vertices'][0].detach().numpy(), by_smplx, atol=1e-6)
    np.testing.assert_allclose(ours, by_smplx, atol=1e-6)
    np.testing.assert_allclose(our_joints, out['joints'][0].detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(our_joints[:45], joints, atol=1e-6)


def test_licensed_files_win_and_are_complete_or_refused(folder, tmp_path):
    body = load_free_body()
    licensed = tmp_path / 'body_models' / 'smpl'
    licensed.mkdir(parents=True)
    template = body['v_template'] * 1.1
    arrays = {k: v for k, v in body.items() if 'regressor_' not in k}
    np.savez(licensed / 'SMPL_NEUTRAL.npz', **{**arrays, 'v_template': template})
    with pytest.raises(FileNotFoundError, match='J_regressor_extra.npy'):
        SMPLBody(str(licensed), free_body=True)
    for name in ('J_regressor_extra', 'J_regressor_h36m'):
        np.save(licensed.parent / f'{name}.npy', body[name])
    built = SMPLBody(str(licensed), free_body=True)
    np.testing.assert_allclose(built.v_template.numpy(), template, rtol=1e-6)
    assert body_digest(built) != body_digest(body)
    with pytest.raises(FileNotFoundError, match='SMPL_MALE.pkl'):
        SMPLBody(str(licensed), gender='male', free_body=True)


def test_missing_licensed_body_is_named():
    with pytest.raises(FileNotFoundError, match=r'nowhere .*SMPL_NEUTRAL.pkl.*free_body=True'):
        SMPLBody('nowhere')
    with pytest.raises(FileNotFoundError, match=r'smpl_mean_params.npz.*free_body=True'):
        load_mean_params('nowhere')
    with pytest.raises(ValueError, match='neutral, male, female'):
        SMPLBody('nowhere', gender='other', free_body=True)


def test_digest_is_that_of_the_arrays(body):
    assert body_digest(body) == body_digest(load_free_body())


def test_mean_parameters_stand_upright_facing_the_camera(body):
    rotations = rotation_6d_to_matrix(torch.tensor(free_mean_params()['pose']).view(1, 24, 6))
    betas = torch.zeros(1, 10)
    out = body(
        global_orient=rotations[:, :1], body_pose=rotations[:, 1:], betas=betas, pose2rot=False
    )
    vertices = out['vertices'][0]
    assert vertices[PLACES['nose'], 1] < vertices[PLACES['LHeel'], 1] - 1.3  # y down
    assert vertices[PLACES['nose'], 2] < vertices[:, 2].mean()  # towards the camera
    assert vertices[PLACES['lmiddle'], 0] > 0.2  # a facing person's left is on the right
