"""Completed files against the truth, as our data set reads them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from annotation_formats import (
    dump,
    h36m_entries,
    joint_boxes,
    pw3d_entries,
    save,
    spin_entries,
    write_images,
)

from mroi_plugin.cameras import project_points
from mroi_plugin.data_preparation.completion import CompletionOptions, complete_annotations
from mroi_plugin.data_preparation.importers.spin import import_spin
from mroi_plugin.data_preparation.importers.spin_style import ImportOptions
from mroi_plugin.data_preparation.translation import fit_translations
from mroi_plugin.models.body_models.free_body import load_free_body
from mroi_plugin.models.body_models.smpl import body_digest
from mroi_plugin.utils.npz_files import read_npz

FREE = {'body_model': 'no/licensed/files', 'free_body': True, 'quiet': True}


def complete(source, target, **options):
    return complete_annotations(str(source), str(target), CompletionOptions(**FREE, **options))


@pytest.fixture(scope='module')
def pw3d(wide_truth, tmp_path_factory):
    root = tmp_path_factory.mktemp('3DPW')
    entries = pw3d_entries(wide_truth, root)
    write_images(root, entries['image_path'], wide_truth.size)
    source = dump(root / 'pw3d_test.npz', entries)
    report = complete(source, root / 'complete.npz', pw3d_root=str(root))
    return root, report


def test_pw3d_gets_joints_translation_and_focal_length(pw3d, wide_truth, read):
    root, report = pw3d
    arrays = read(root / 'complete.npz', root).annotations.arrays
    points2d, points3d = arrays['keypoints2d'], arrays['keypoints3d']
    assert np.abs(points3d[..., :3] - wide_truth.joints).max() < 1e-4
    assert (points3d[..., 3] == 1).all()
    assert (points2d[..., 2] == wide_truth.inside).all()
    assert np.abs(points2d[..., :2] - wide_truth.pixels).max() < 0.5
    assert np.abs(arrays['smpl_transl'] - wide_truth.transl).max() < 1e-4
    assert (arrays['has_transl'] == 1).all() and (arrays['has_smpl'] == 1).all()
    np.testing.assert_allclose(arrays['focal_length'], wide_truth.focal.mean(1), rtol=1e-6)
    np.testing.assert_allclose(arrays['principal_point'], wide_truth.center, rtol=1e-6)
    assert 'box_padding=1.0' in report['bbox_xywh'] and report['dropped'] == '0'


def test_pw3d_boxes_are_those_of_projected_coco_joints(pw3d, wide_truth, read):
    dataset = read(pw3d[0] / 'complete.npz')
    expected = joint_boxes(wide_truth, 'coco', 1.2)
    boxes = dataset.annotations.arrays
    assert np.abs(boxes['box_size'] - expected[:, 2:]).max() < 0.5
    assert np.abs(boxes['box_center'] - expected[:, :2] - expected[:, 2:] / 2).max() < 0.5


def test_completed_samples_go_through_the_pipeline(pw3d, wide_truth, read):
    root, _ = pw3d
    dataset = read(root / 'complete.npz', root)
    assert dataset.annotations.genders.tolist() == [0, 1, 0, 1]
    for i in range(len(dataset)):
        sample = dataset[i]
        points = project_points(
            sample['keypoints3d'][:, :3],
            torch.zeros(3),
            sample['focal_length'],
            sample['principal_point'],
        )
        size = wide_truth.size[i].max()
        assert (
            points - sample['keypoints2d'][:, :2]
        ).abs().max() < 0.004 * size  # one focal length


def test_fingerprint_and_extrinsics_stay_with_the_file(pw3d, wide_truth):
    table = read_npz(str(pw3d[0] / 'complete.npz'))
    assert table['misc']['body'] == body_digest(load_free_body())
    assert table['cam_param']['rotation_mat'].shape == (len(wide_truth.betas), 3, 3)
    assert table['config'] == 'pw3d' and not list(pw3d[0].glob('*.part.npz'))


def test_completing_twice_changes_nothing(pw3d):
    root, _ = pw3d
    complete(root / 'complete.npz', root / 'again.npz')
    first, again = (read_npz(str(root / f'{name}.npz')) for name in ('complete', 'again'))
    for key in ('keypoints2d', 'keypoints3d', 'bbox_xywh'):
        np.testing.assert_allclose(again[key], first[key], atol=1e-3)


def test_pelvis_centered_joints_alone(pw3d, wide_truth, read):
    root, _ = pw3d
    report = complete(root / 'pw3d_test.npz', root / 'joints.npz', joints_only=True)
    assert report['keypoints2d'] == 'none: no translation (smpl.transl)'
    table = read_npz(str(root / 'pw3d_test.npz'))
    del table['cam_param']
    dump(root / 'no_camera.npz', table)
    report = complete(root / 'no_camera.npz', root / 'out.npz', joints_only=True)
    assert report['keypoints2d'] == 'none: no camera'
    arrays = read(root / 'joints.npz').annotations.arrays
    centered = wide_truth.joints - wide_truth.joints[:, :1]
    assert np.abs(arrays['keypoints3d'][..., :3] - centered).max() < 1e-4
    assert (arrays['has_transl'] == 0).all() and (arrays['keypoints2d'] == 0).all()


def test_h36m_translation_is_fitted_and_its_cameras_found_by_name(truth, tmp_path, read):
    source = dump(tmp_path / 'h36m.npz', h36m_entries(truth))
    complete(source, tmp_path / 'out.npz', fit_translation=True)
    arrays = read(tmp_path / 'out.npz').annotations.arrays
    assert np.abs(arrays['smpl_transl'] - truth.transl).max() < 1e-4
    np.testing.assert_allclose(arrays['focal_length'], truth.focal[:, 0], rtol=1e-6)
    names = np.flatnonzero(arrays['keypoints2d'][0, :, 2])
    assert len(names) == 17  # annotated joints stay
    assert np.abs(arrays['keypoints2d'][:, names, :2] - truth.pixels[:, names]).max() < 0.5
    complete(source, tmp_path / 'all.npz', fit_translation=True, overwrite_keypoints=True)
    arrays = read(tmp_path / 'all.npz').annotations.arrays
    assert np.abs(arrays['keypoints3d'][..., :3] - truth.joints).max() < 1e-4
    assert np.abs(arrays['keypoints2d'][..., :2] - truth.pixels).max() < 0.5


def test_imported_file_without_camera_takes_the_diagonal(middle_truth, tmp_path, read):
    entries = spin_entries(middle_truth)
    write_images(tmp_path, list(entries['imgname']), middle_truth.size)
    imported = tmp_path / 'imported.npz'
    import_spin(save(tmp_path / 'spin.npz', entries), str(imported), ImportOptions(quiet=True))
    complete(
        imported,
        tmp_path / 'out.npz',
        fit_translation=True,
        focal_length='diagonal',
        image_dir=str(tmp_path),
    )
    dataset = read(tmp_path / 'out.npz', tmp_path)
    np.testing.assert_allclose(
        dataset.annotations.arrays['focal_length'], np.hypot(*middle_truth.size.T), rtol=1e-6
    )
    assert dataset[0]['has_transl'] == 1


def test_fit_ignores_joints_without_confidence(truth):
    points = np.concatenate([truth.pixels, np.ones((*truth.pixels.shape[:2], 1))], 2)
    points[:, ::3] = (9999, np.nan, 0)
    joints = truth.joints - truth.transl[:, None]
    found = fit_translations(joints, points, truth.focal, truth.center)
    np.testing.assert_allclose(found, truth.transl, atol=1e-5)
    points[1, :, 2] = 0
    found = fit_translations(joints, points, truth.focal, truth.center)
    assert np.isnan(found[1]).all() and np.isfinite(found[[0, 2, 3]]).all()


def test_persons_without_parameters_are_masked(truth, tmp_path, read):
    entries = h36m_entries(truth)
    entries['smpl']['betas'][2, 0] = np.nan
    source = dump(tmp_path / 'h36m.npz', entries)
    complete(source, tmp_path / 'out.npz', fit_translation=True, overwrite_keypoints=True)
    arrays = read(tmp_path / 'out.npz').annotations.arrays
    assert arrays['has_smpl'].tolist() == [1, 1, 0, 1]
    assert (arrays['keypoints3d'][2] == 0).all() and (arrays['keypoints3d'][1, :, 3] == 1).all()
