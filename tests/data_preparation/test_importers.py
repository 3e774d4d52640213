"""Imported files against the truth, as our data set reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from annotation_formats import (
    bedlam_entries,
    cliff_entries,
    convert,
    save,
    spin_entries,
    write_images,
)

from mroi_plugin.cameras import full_to_crop_camera
from mroi_plugin.data_preparation.completion import CompletionOptions, complete_annotations
from mroi_plugin.data_preparation.importers.bedlam import import_bedlam
from mroi_plugin.data_preparation.importers.cliff import import_cliff
from mroi_plugin.data_preparation.importers.spin import import_spin
from mroi_plugin.data_preparation.importers.spin_style import ImportOptions
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names


@pytest.fixture
def options(tmp_path):
    return ImportOptions(body_model='no/licensed/files', image_dir=str(tmp_path), quiet=True)


def known(convention):
    """Joints of 'smpl_54' that a convention has."""
    return [
        k for k, name in enumerate(keypoint_names('smpl_54')) if name in keypoint_names(convention)
    ]


def test_spin(truth, tmp_path, options, read):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    report = import_spin(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    dataset = read(tmp_path / 'out.npz', tmp_path)
    arrays, joints = dataset.annotations.arrays, known('smpl_24')
    assert len(joints) == 24 and report['persons'] == '4'
    points2d, points3d = arrays['keypoints2d'][:, joints], arrays['keypoints3d'][:, joints]
    assert (points2d[..., 2] == truth.inside[:, joints]).all()
    seen = points2d[..., 2] > 0
    assert np.abs(points2d[..., :2] - truth.pixels[:, joints])[seen].max() < 0.5
    assert np.abs(points3d[..., :3] - truth.joints[:, joints]).max() < 1e-4
    np.testing.assert_allclose(arrays['smpl_betas'], truth.betas, atol=1e-6)
    np.testing.assert_allclose(arrays['smpl_body_pose'], truth.body_pose, atol=1e-6)
    np.testing.assert_allclose(arrays['smpl_global_orient'], truth.global_orient, atol=1e-6)
    np.testing.assert_allclose(arrays['box_center'], entries['center'], rtol=1e-5)
    np.testing.assert_allclose(arrays['box_size'][:, 0], entries['scale'] * 200, rtol=1e-5)
    assert dataset[1]['has_smpl'] == 1 and dataset[1]['has_transl'] == 0


@pytest.mark.parametrize('size', [10, 11, 16, 300])
def test_the_forms_that_files_have(truth, tmp_path, options, read, size):
    """Genders as codes, COCO's visibility, betas of other models: as in HumanData files."""
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    entries['gender'] = np.array([1, 0, 1, -1])
    entries['shape'] = np.hstack([entries['shape'], np.full((4, size - 10), 9.0)])
    entries['part'][..., 2] *= 2
    import_spin(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    annotations = read(tmp_path / 'out.npz', tmp_path).annotations
    assert annotations.genders.tolist() == [1, 0, 1, -1] and annotations.index.notes == []
    np.testing.assert_allclose(annotations.arrays['smpl_betas'], truth.betas, atol=1e-6)
    assert set(np.unique(annotations.arrays['keypoints2d'][..., 2])) == {0, 1}


def test_openpose_joints_are_read_in_their_own_convention(truth, tmp_path, options, read):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    import_spin(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    arrays = read(tmp_path / 'out.npz', convention='openpose_25').annotations.arrays
    expected = np.where(entries['openpose'][..., 2:] > 0, entries['openpose'], 0)
    np.testing.assert_allclose(arrays['keypoints2d'], expected, atol=1e-3)


def test_joints_that_two_sources_name_are_those_of_the_more_certain_one(
    truth, tmp_path, options, read
):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    entries['openpose'][..., 2] *= 0.9
    both = entries['openpose'].copy()
    both[..., 2] *= 0.5
    both[:, 3, :2] += 2
    both[:, 3, 2] = 1
    options = replace(options, convention='openpose_25')
    for name in ('S', 'has_smpl', 'pose', 'shape'):
        entries.pop(name)
    given = save(tmp_path / 'in.npz', {**entries, 'part': both})
    import_spin(given, str(tmp_path / 'out.npz'), options)
    arrays = read(tmp_path / 'out.npz', convention='openpose_25').annotations.arrays
    expected = np.where(both[..., 2:] > entries['openpose'][..., 2:], both, entries['openpose'])
    expected = np.where(expected[..., 2:] > 0, expected, 0)
    np.testing.assert_allclose(arrays['keypoints2d'], expected, atol=1e-3)


def test_spin_without_parameters(truth, tmp_path, options, read):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    for name in ('pose', 'shape', 'has_smpl', 'S'):
        entries.pop(name)
    import_spin(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    arrays = read(tmp_path / 'out.npz').annotations.arrays
    assert (arrays['has_smpl'] == 0).all() and (arrays['keypoints3d'] == 0).all()


@pytest.mark.parametrize('camera', ['global_t', 'cam', 'cam without focal_l'])
def test_cliff(middle_truth, tmp_path, options, read, camera):
    truth = middle_truth
    if camera == 'cam without focal_l':
        truth = type(truth)(
            **{**vars(truth), 'focal': np.hypot(*truth.size.T)[:, None].repeat(2, 1)}
        )
    entries = cliff_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    if camera != 'global_t':
        entries['cam'] = local_cameras(truth, entries)
        entries.pop('global_t')
    if camera == 'cam without focal_l':
        entries.pop('focal_l')
    import_cliff(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    dataset = read(tmp_path / 'out.npz', tmp_path)
    arrays, joints = dataset.annotations.arrays, known('smpl_24')
    assert np.abs(arrays['smpl_transl'] - truth.transl).max() < 1e-4
    np.testing.assert_allclose(arrays['focal_length'], truth.focal[:, 0], rtol=1e-6)
    np.testing.assert_allclose(arrays['principal_point'], truth.size / 2)
    seen = arrays['keypoints2d'][:, joints, 2] > 0
    off = np.abs(arrays['keypoints2d'][:, joints, :2] - truth.pixels[:, joints])
    assert off[seen].max() < 0.5
    assert dataset[0]['has_transl'] == 1


def local_cameras(truth, entries):
    rois = np.hstack([entries['center'] - truth.size / 2, entries['scale'][:, None] * 200])
    focal = torch.from_numpy(truth.focal[:, 0])
    return full_to_crop_camera(
        torch.from_numpy(truth.transl), torch.from_numpy(rois), focal
    ).numpy()


def test_bedlam(truth, tmp_path, options, read):
    entries = bedlam_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    path, out = save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz')
    import_bedlam(path, out, options)
    free = CompletionOptions('no/licensed/files', free_body=True, quiet=True)
    complete_annotations(out, str(tmp_path / 'complete.npz'), free)
    for name in ('out.npz', 'complete.npz'):
        dataset = read(tmp_path / name, tmp_path)
        arrays = dataset.annotations.arrays
        assert np.abs(arrays['smpl_transl'] - truth.transl).max() < 1e-5
        np.testing.assert_allclose(arrays['smpl_betas'], truth.betas, atol=1e-6)
        np.testing.assert_allclose(arrays['focal_length'], truth.focal[:, 0], rtol=1e-6)
        np.testing.assert_allclose(arrays['principal_point'], truth.center, rtol=1e-6)
        assert dataset.annotations.genders.tolist() == [0, 1, 0, 1]
        points = arrays['keypoints2d']
        joints = known('smpl_45') if name == 'out.npz' else list(range(45))
        assert (points[..., 2][:, joints] == truth.inside[:, joints]).all()
        seen = points[..., 2] > 0
        assert seen.sum() > 60 and np.abs(points[..., :2] - truth.pixels)[seen].max() < 0.5
    assert (arrays['keypoints3d'][..., 3] > 0).any(1).all()


def _spoil(entries, name, value):
    entries[name] = value


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda e: _spoil(e, 'pose_cam', np.zeros((4, 165))), '165, take those'),
        (lambda e: e.pop('cam_int'), 'cam_int'),
        (lambda e: _spoil(e, 'trans_cam', e['trans_cam'] * 1000), 'trans_cam, cam_ext'),
        (lambda e: e['cam_int'].__setitem__((2, 0, 0), 0), 'sample 2'),
        (lambda e: _spoil(e, 'cam_ext', np.tile(np.eye(4), (4, 1, 1))), 'trans_cam, cam_ext'),
    ],
)
def test_bad_bedlam_labels(truth, tmp_path, options, spoil, message):
    entries = bedlam_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    spoil(entries)
    with pytest.raises(AnnotationError, match=message):
        import_bedlam(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    assert not (tmp_path / 'out.npz').exists()


def test_another_convention_of_joints(truth, tmp_path, options, read):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    entries['part'] = convert(truth.pixels, truth.inside.astype(float), 'coco')
    entries.pop('S')
    options = ImportOptions(**{**vars(options), 'convention': 'coco'})
    import_spin(save(tmp_path / 'in.npz', entries), str(tmp_path / 'out.npz'), options)
    arrays = read(tmp_path / 'out.npz', convention='coco').annotations.arrays
    np.testing.assert_allclose(arrays['keypoints2d'][..., 2], entries['part'][..., 2])
