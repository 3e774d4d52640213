"""What a file holds and is not used as it stands is used where that is clear, and always named."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from locations import ROOT
from mmengine.config import Config

from mroi_plugin.datasets.annotation_file import read_human_data
from mroi_plugin.datasets.annotations import read_annotations, read_poses

ANNOTATIONS = 'data/synthetic/preprocessed_datasets/synthetic_test.npz'
CONFIG = ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py'


@pytest.fixture
def content(in_workspace):
    """Entries of a good file of 8 persons."""
    with np.load(ANNOTATIONS, allow_pickle=True) as file:
        return {k: v.item() if v.ndim == 0 else v for k, v in file.items()}


@pytest.fixture
def opened(content, tmp_path):
    """Opens the file with entries replaced, None removed; annotations and warnings."""

    def opened(**spoilt):
        entries = {k: v for k, v in {**content, **spoilt}.items() if v is not None}
        path = tmp_path / 'a.npz'
        stored = {k: v if isinstance(v, np.ndarray) else _object(v) for k, v in entries.items()}
        np.savez(path, **stored)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always', UserWarning)
            annotations = read_annotations(str(path), 'smpl_54')
        said = [str(w.message) for w in caught if 'a.npz' in str(w.message)]
        return annotations, said

    return opened


def _object(value):
    array = np.empty((), object)
    array[()] = value
    return array


@pytest.mark.parametrize(
    ('column', 'value'), [('coordinates', np.nan), ('coordinates', np.inf), ('confidence', np.nan)]
)
def test_joints_without_a_place_are_named(content, opened, column, value):
    """Of a joint that is said to be there; one of confidence 0 has none."""
    points, sample = content['keypoints2d'].copy(), 3
    joint = int(np.flatnonzero(points[sample, :, 2] > 0)[0])
    points[1, 0] = (np.nan, np.nan, 0)
    points[sample, joint, {'coordinates': 0, 'confidence': 2}[column]] = value
    annotations, said = opened(keypoints2d=points)
    assert [f'keypoints2d: {column} of 1 persons, first sample 3,' in s for s in said] == [True]
    assert np.isfinite(annotations.row(sample)['keypoints2d']).all()


def test_a_good_file_has_no_notes(opened):
    annotations, said = opened()
    assert not said and annotations.index.notes == []


def test_what_is_no_number_is_told(opened, content):
    """Supervision that NaN takes away is not taken away in silence."""
    points, smpl = content['keypoints2d'].copy(), dict(content['smpl'])
    points[3, 5, 2] = np.nan
    smpl['body_pose'] = np.array(smpl['body_pose'])
    smpl['body_pose'].reshape(8, -1)[6, 0] = np.inf
    has_smpl = np.ones(8)
    has_smpl[2] = np.nan
    annotations, said = opened(keypoints2d=points, smpl=smpl, has_smpl=has_smpl)
    assert annotations.arrays['has_smpl'].tolist() == [1, 1, 0, 1, 1, 1, 0, 1]
    assert len(said) == 3
    for told in (
        'keypoints2d: confidence of 1 persons, first sample 3',
        'has_smpl of 1 persons, first sample 2, is NaN: it counts as 0',
        'smpl.body_pose of 1 persons, first sample 6, is not finite',
    ):
        assert any(told in line for line in said), said


def test_a_translation_of_zero_is_none(opened, content):
    smpl = {**content['smpl'], 'transl': np.array(content['smpl']['transl'])}
    smpl['transl'][:3] = 0
    annotations, _ = opened(smpl=smpl)
    assert annotations.arrays['has_transl'].tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert annotations.shares['transl'] == 5 / 8


def test_coco_visibility_is_a_confidence(opened, content):
    """0 not labeled, 1 labeled, 2 visible: the loss of a joint is not doubled."""
    points = content['keypoints2d'].copy()
    points[..., 2] = np.arange(8)[:, None] % 3
    annotations, said = opened(keypoints2d=points)
    confidence = annotations.arrays['keypoints2d'][..., 2]
    assert set(np.unique(confidence)) == {0.0, 1.0}
    assert ((confidence > 0).any(1) == (np.arange(8) % 3 > 0)).all()
    (note,) = said
    assert 'keypoints2d: confidence goes up to 2; above 1 it counts as 1' in note
    assert read_human_data(annotations.source)['keypoints2d'][..., 2].max() == 1


def test_a_score_just_above_1_and_one_below_0(opened, content):
    points = content['keypoints2d'].copy()
    points[..., 2] = 0.5
    points[0, 0, 2], points[0, 1, 2] = 1.03, -1
    annotations, said = opened(keypoints2d=points)
    assert annotations.arrays['keypoints2d'][0, :3, 2] == pytest.approx([1, 0, 0.5])
    assert len(said) == 1 and '1.03' in said[0]


@pytest.mark.parametrize('size', [10, 11, 16, 300])
def test_of_more_betas_the_first_ten_count(opened, content, size, tmp_path):
    smpl = content['smpl']
    betas = np.hstack([smpl['betas'], np.full((8, size - 10), 7, np.float32)])
    annotations, said = opened(smpl={**smpl, 'betas': betas})
    np.testing.assert_array_equal(annotations.arrays['smpl_betas'], smpl['betas'])
    assert [f'smpl.betas has {size} numbers' in note for note in said] == [True] * (size > 10)
    np.testing.assert_array_equal(read_poses(annotations.source)['smpl_betas'], smpl['betas'])


def test_betas_of_nobody_are_named(opened, content):
    betas = content['smpl']['betas'].copy()
    betas[5, 3] = -53
    _, (note,) = opened(smpl={**content['smpl'], 'betas': betas})
    assert 'smpl.betas of 1 persons, first sample 5, go beyond 10 standard deviations' in note


UNUSED = {
    'smplx': lambda smpl: {'smplx': smpl, 'smpl': None},
    'smpl.pose': lambda smpl: {'smpl': {'betas': smpl['betas'], 'pose': np.zeros((8, 72))}},
    'poses': lambda smpl: {'poses': np.zeros((8, 72)), 'smpl': None},
    'smpl.fullpose': lambda smpl: {'smpl': {'fullpose': np.zeros((8, 55, 3))}},
}


@pytest.mark.parametrize('name', UNUSED)
def test_poses_in_another_form_are_named(opened, content, name):
    annotations, (note,) = opened(**UNUSED[name](content['smpl']))
    assert annotations.shares['smpl'] == 0
    assert f'{name} is not used: poses are read from smpl.body_pose (N, 69)' in note


def test_poses_beside_those_that_are_read_need_no_note(opened, content):
    assert opened(smplx=content['smpl'], poses=np.zeros((8, 72)))[1] == []


FOCAL, CENTER = np.linspace(800, 940, 8), np.stack([np.arange(8) + 300, np.full(8, 240)], 1)
MATRICES = np.tile(np.eye(3), (8, 1, 1))
MATRICES[:, [0, 1], [0, 1]], MATRICES[:, :2, 2] = FOCAL[:, None], CENTER
CAMERAS = {
    'f and c': {'cam_param': {'f': np.stack([FOCAL, FOCAL], 1), 'c': CENTER}},
    'lists f and c': {'cam_param': {'f': FOCAL.tolist(), 'c': CENTER.tolist()}},
    'K': {'cam_param': {'K': MATRICES}},
    'K in lists': {'cam_param': {'K': MATRICES.tolist()}},
    'intrinsics, flat': {'cam_param': {'intrinsics': MATRICES.reshape(8, 9)}},
    'array of matrices': {'cam_param': MATRICES},
    'list of matrices': {'cam_param': list(MATRICES)},
    'list of dictionaries': {'cam_param': [{'K': k} for k in MATRICES]},
    "mmhuman3d's parameters": {
        'cam_param': [{'in_mat': k.tolist(), 'W': 640, 'H': 480} for k in MATRICES]
    },
    'K beside': {'cam_param': None, 'K': MATRICES},
    'cam_int beside': {'cam_param': None, 'cam_int': MATRICES},
}


@pytest.mark.parametrize('form', CAMERAS)
def test_cameras_of_every_form_are_used(opened, form):
    annotations, said = opened(**CAMERAS[form])
    assert not said and annotations.shares['focal_length'] == 1
    np.testing.assert_allclose(annotations.arrays['focal_length'], FOCAL, rtol=1e-6)
    np.testing.assert_allclose(annotations.arrays['principal_point'], CENTER)


def test_one_camera_for_all(opened):
    for given in ({'K': MATRICES[0]}, MATRICES[0], {'K': MATRICES[0].tolist()}):
        annotations, said = opened(cam_param=given)
        assert not said
        np.testing.assert_allclose(annotations.arrays['focal_length'], np.full(8, FOCAL[0]))


def test_cameras_of_an_unknown_form_are_named(opened):
    annotations, (note,) = opened(cam_param={'fov': np.ones(8)})
    assert 'focal_length' not in annotations.arrays
    assert 'cam_param is dict of fov, a form that is not known' in note
    assert 'Until then the focal length defaults to sqrt(W^2 + H^2)' in note


def test_a_sample_has_the_camera_of_its_matrix(opened, in_workspace):
    from mroi_plugin.datasets.human_data import MultiRoIHumanDataset

    annotations, _ = opened(**CAMERAS['K'])
    options = Config.fromfile(CONFIG).test_dataloader.dataset
    dataset = MultiRoIHumanDataset(annotations.source, options.image_dir, options.pipeline)
    assert float(dataset[3]['focal_length']) == pytest.approx(FOCAL[3])
