"""Errors planted in files of the true form are reported with file, key and sample."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from annotation_formats import (
    cliff_entries,
    dump,
    h36m_entries,
    pw3d_entries,
    save,
    spin_entries,
    write_images,
)

from mroi_plugin.data_preparation.completion import CompletionOptions, complete_annotations
from mroi_plugin.data_preparation.importers.cliff import import_cliff
from mroi_plugin.data_preparation.importers.spin import import_spin
from mroi_plugin.data_preparation.importers.spin_style import ImportOptions
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation
from mroi_plugin.utils.array_pickles import UnsafeFileError

OPTIONS = {'body_model': 'no/licensed/files', 'quiet': True}


def swap(entries, key, convention, row=2):
    entries[key] = entries[key].copy()
    entries[key][row] = entries[key][row][flip_permutation(convention)]


def to_xyxy(entries, row=2):
    entries['bbox_xywh'][row, 2:4] += entries['bbox_xywh'][row, :2]


def scale(entries, key, factor, row=2):
    entries[key] = np.array(entries[key], float)
    entries[key][row, ..., : min(3, entries[key].shape[-1])] *= factor


def shorten(entries, key):
    entries[key] = entries[key][:-1]


H36M = {
    'missing smpl': (lambda e: e.pop('smpl'), 'lacks smpl'),
    'missing mask': (lambda e: e['smpl'].pop('betas'), 'smpl lacks betas'),
    'missing box': (lambda e: e.pop('bbox_xywh'), 'lacks bbox_xywh'),
    'short boxes': (lambda e: shorten(e, 'bbox_xywh'), 'bbox_xywh has 3 rows'),
    'short pose': (lambda e: shorten(e['smpl'], 'body_pose'), 'smpl.body_pose has 3 rows'),
    'short gender': (lambda e: e.update(meta={'gender': ['m']}), 'meta.gender has 1 rows'),
    'pose of SMPL-X': (
        lambda e: e['smpl'].update(body_pose=np.zeros((4, 21, 3))),
        r'smpl.body_pose is of shape \(4, 21, 3\)',
    ),
    'unknown convention': (
        lambda e: e.update(keypoints2d_convention='h37m'),
        "keypoints2d_convention: convention='h37m' is unknown",
    ),
    'millimeters': (lambda e: scale(e, 'keypoints3d', 1000), 'keypoints3d of 1 of 4.*millimeters'),
    'translation in millimeters': (
        lambda e: e['smpl'].update(transl=np.full((4, 3), 4000.0)),
        'smpl.transl of 4 of 4.*millimeters',
    ),
    'degrees': (
        lambda e: e['smpl'].update(body_pose=np.rad2deg(e['smpl']['body_pose'])),
        'smpl.body_pose of 4 of 4.*expected axis-angle in radians',
    ),
    'orientation in the world': (
        lambda e: e['smpl'].update(global_orient=np.zeros((4, 3))),
        'keypoints2d of 4 of 4.*global_orient with the axes of the camera',
    ),
    'swapped 2D': (lambda e: swap(e, 'keypoints2d', 'human_data'), 'keypoints2d of 1.*left and'),
    'swapped 3D': (lambda e: swap(e, 'keypoints3d', 'human_data'), 'keypoints3d of 1.*left and'),
    'xyxy': (to_xyxy, 'bbox_xywh of 1 of 4.*x1, y1, x2, y2'),
    'empty box': (
        lambda e: e['bbox_xywh'].__setitem__((2, 2), 0),
        r'bbox_xywh of 1 persons, first sample 2 .* w > 0, h > 0',
    ),
    'NaN box': (lambda e: e['bbox_xywh'].__setitem__((2, 0), np.nan), r'bbox_xywh of 1.*is \[nan'),
    'camera of nobody': (
        lambda e: e['image_path'].__setitem__(2, 'S1/elsewhere.jpg'),
        'image path of sample 2',
    ),
    'no camera': (lambda e: e.pop('cam_param'), 'see --focal-length'),
    'zero focal length': (
        lambda e: e['cam_param']['S7', '58860488'].update(in_mat=np.zeros((3, 3)).tolist()),
        'cam_param of 1 samples has a focal length below 1',
    ),
}


@pytest.mark.parametrize('name', H36M)
def test_human_data(truth, tmp_path, name):
    entries = h36m_entries(truth)
    spoil, message = H36M[name]
    spoil(entries)
    source = dump(tmp_path / 'spoilt.npz', entries)
    options = CompletionOptions(**OPTIONS, free_body=True, fit_translation=True)
    with pytest.raises(AnnotationError, match=message) as error:
        complete_annotations(source, str(tmp_path / 'out.npz'), options)
    assert 'spoilt.npz' in str(error.value)
    if ' of 1 ' in str(error.value):
        assert 'sample 2' in str(error.value)
    assert not (tmp_path / 'out.npz').exists()


PW3D = {
    'xyxy': (to_xyxy, 'bbox_xywh of 1 of 4.*x1, y1, x2, y2'),
    'no camera of one': (lambda e: e['cam_param'][2].pop('in_mat'), 'cam_param of sample 2'),
    'too few cameras': (lambda e: shorten(e, 'cam_param'), 'cam_param has 3 cameras'),
    'another pose': (
        lambda e: e['smpl']['body_pose'].__setitem__((2, 4), 1.0),
        'sample 2.*none of the 2 persons',
    ),
    'orientation in the world': (
        lambda e: e['smpl']['global_orient'].__setitem__(2, (0.1, 0.2, 0.3)),
        'sample 2.*smpl.global_orient is',
    ),
    'no such sequence': (
        lambda e: e['image_path'].__setitem__(2, 'imageFiles/swim_00/image_00000.jpg'),
        'sequence swim_00',
    ),
    'no image of 3DPW': (lambda e: e['image_path'].__setitem__(2, 'a.jpg'), r'sample 2 \(a.jpg\)'),
}


@pytest.mark.parametrize('name', PW3D)
def test_3dpw(wide_truth, tmp_path, name):
    entries = pw3d_entries(wide_truth, tmp_path)
    spoil, message = PW3D[name]
    spoil(entries)
    source = dump(tmp_path / 'spoilt.npz', entries)
    options = CompletionOptions(**OPTIONS, free_body=True, pw3d_root=str(tmp_path))
    with pytest.raises(AnnotationError, match=message):
        complete_annotations(source, str(tmp_path / 'out.npz'), options)


SPIN = {
    'missing scale': (lambda e: e.pop('scale'), 'lacks scale; it has'),
    'no joints': (lambda e: [e.pop(k) for k in ('part', 'openpose', 'S')], 'has none of part'),
    'short shape': (lambda e: shorten(e, 'shape'), 'shape has 3 rows'),
    'shape of nobody': (
        lambda e: e.update(shape=e['shape'] + 53 * (np.arange(4) == 2)[:, None]),
        'shape of 1 of 4.*go up to 5., expected within 10 standard deviations',
    ),
    'no gender': (
        lambda e: e.update(gender=np.array(['m', 'f', 'x', 'm'])),
        "gender of 1 persons, first sample 2, is 'x', expected 'male'",
    ),
    'confidence in percent': (
        lambda e: e['part'].__setitem__((2, 3, 2), 87),
        'part: largest confidence of 1 persons, first sample 2.*87.*visibility 0, 1 or 2',
    ),
    'joints of another convention': (
        lambda e: e.update(part=np.zeros((4, 49, 3))),
        r'part is of shape \(4, 49, 3\)',
    ),
    'millimeters': (lambda e: scale(e, 'S', 1000), 'S of 1 of 4.*millimeters'),
    'degrees': (
        lambda e: e.update(pose=np.rad2deg(e['pose'])),
        'pose of 4 of 4.*expected axis-angle in radians',
    ),
    'orientation in the world': (
        lambda e: e['pose'].__setitem__((slice(None), slice(0, 3)), 0.0),
        'part of 4 of 4.*global_orient with the axes of the camera',
    ),
    'swapped part': (lambda e: swap(e, 'part', 'smpl_24'), 'part of 1 of 4.*the SMPL joints'),
    'swapped openpose': (lambda e: swap(e, 'openpose', 'openpose_25'), 'openpose of 1.*SMPL'),
    'S with y up': (
        lambda e: e['S'].__imul__(np.array([1, -1, -1, 1])),
        r'S of 4 of 4.*as \(x, -y, -z\) they would fit',
    ),
    'S too large': (
        lambda e: e['S'].__imul__(np.array([3, 3, 3, 1])),
        'S of 4 of 4.*; 0.33. times as large they would fit',
    ),
    'swapped S': (lambda e: swap(e, 'S', 'smpl_24'), 'S of 1 of 4.*the SMPL joints'),
    'swapped part without parameters': (
        lambda e: (e['has_smpl'].fill(0), swap(e, 'part', 'smpl_24')),
        'part of 1 of 4.*the 3D joints',
    ),
    'scale in pixels': (
        lambda e: e['scale'].__setitem__(2, 300.0),
        'center, scale of 1.*side / 200',
    ),
    'corner for center': (
        lambda e: e['center'].__setitem__(2, e['center'][2] - 150 * e['scale'][2]),
        'center, scale of 1.*beside the joints',
    ),
    'negative scale': (
        lambda e: e['scale'].__setitem__(2, -1),
        'scale of 1 samples is not above 0',
    ),
    'NaN center': (
        lambda e: e['center'].__setitem__((2, 0), np.nan),
        'center of 1.*expected finite',
    ),
    'missing image': (lambda e: e['imgname'].__setitem__(2, 'gone.jpg'), r'sample 2 \(gone.jpg\)'),
}


@pytest.mark.parametrize('name', SPIN)
def test_spin(truth, tmp_path, name):
    entries = spin_entries(truth)
    write_images(tmp_path, list(entries['imgname']), truth.size)
    spoil, message = SPIN[name]
    spoil(entries)
    source = save(tmp_path / 'spoilt.npz', entries)
    with pytest.raises(AnnotationError, match=message) as error:
        options = ImportOptions(**OPTIONS, image_dir=str(tmp_path))
        import_spin(source, str(tmp_path / 'out.npz'), options)
    assert 'spoilt.npz' in str(error.value)


CLIFF = {
    'no translation': (lambda e: e.pop('global_t'), r'lacks cam.*Expected global_t'),
    'no parameters': (lambda e: e.pop('pose'), 'lacks pose'),
    'millimeters': (lambda e: scale(e, 'global_t', 1000), 'global_t of 1 of 4.*millimeters'),
    'another place': (
        lambda e: e['global_t'].__setitem__(2, e['global_t'][2] + (1.5, 0, 0)),
        'global_t, focal_l of 1 of 4.*project SMPL off',
    ),
    'focal length': (lambda e: e['focal_l'].__setitem__(2, 0), 'focal_l of 1 samples'),
}


@pytest.mark.parametrize('name', CLIFF)
def test_cliff(middle_truth, tmp_path, name):
    entries = cliff_entries(middle_truth)
    write_images(tmp_path, list(entries['imgname']), middle_truth.size)
    spoil, message = CLIFF[name]
    spoil(entries)
    source = save(tmp_path / 'spoilt.npz', entries)
    with pytest.raises(AnnotationError, match=message):
        options = ImportOptions(**OPTIONS, image_dir=str(tmp_path))
        import_cliff(source, str(tmp_path / 'out.npz'), options)


def test_suspects_can_be_dropped_or_kept(truth, tmp_path, read):
    entries = spin_entries(truth)
    swap(entries, 'part', 'smpl_24')
    source = save(tmp_path / 'in.npz', entries)
    dropped = ImportOptions(**OPTIONS, on_suspect='drop')
    assert import_spin(source, str(tmp_path / 'out.npz'), dropped)['dropped'] == '1'
    names = list(read(tmp_path / 'out.npz').annotations.image_paths)
    assert names == [name for i, name in enumerate(entries['imgname']) if i != 2]
    kept = ImportOptions(**OPTIONS, on_suspect='keep', force=True)
    with pytest.warns(UserWarning, match='part of 1 of 4 samples.*exchanged.*sample 2.*Kept.'):
        assert import_spin(source, str(tmp_path / 'out.npz'), kept)['persons'] == '4'


def test_one_of_many_is_a_warning(truth, tmp_path):
    """A person who looks exchanged by chance does not cost the other 63."""
    entries = spin_entries(truth)
    many = {name: np.concatenate([values] * 16) for name, values in entries.items()}
    swap(many, 'part', 'smpl_24', row=5)
    source = save(tmp_path / 'in.npz', many)
    with pytest.warns(UserWarning, match='part of 1 of 64 samples.*sample 5 .*Kept.'):
        report = import_spin(source, str(tmp_path / 'out.npz'), ImportOptions(**OPTIONS))
    assert report['persons'] == '64' and report['dropped'] == '0'


class Trap:
    """What a pickle of bad intent looks like."""

    def __reduce__(self):
        return os.system, ('touch trapped',)


def test_nothing_in_a_file_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez('bad.npz', image_path=['a.jpg'], bbox_xywh=np.ones((1, 5)), smpl={'betas': Trap()})
    with pytest.raises(UnsafeFileError, match='bad.npz is refused: it asks for posix.system'):
        complete_annotations('bad.npz', 'out.npz', CompletionOptions(**OPTIONS))
    assert not os.path.exists('trapped')


def tool(name, *arguments, cwd):
    script = os.path.join(os.path.dirname(__file__), '..', '..', 'tools', name)
    command = [sys.executable, os.path.abspath(script), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_tools_end_with_one_message(truth, tmp_path):
    entries = spin_entries(truth)
    save(tmp_path / 'in.npz', entries)
    done = tool('import_annotations.py', 'spin', 'in.npz', 'out.npz', cwd=tmp_path)
    assert done.returncode == 0 and 'persons: 4' in done.stdout, done.stderr
    again = tool('import_annotations.py', 'spin', 'in.npz', 'out.npz', cwd=tmp_path)
    assert (
        again.returncode == 2
        and again.stderr == 'error: out.npz exists: give --force to replace it.\n'
    )
    lacking = tool('complete_annotations.py', 'out.npz', 'new.npz', cwd=tmp_path)
    assert lacking.returncode == 2 and '--free-body' in lacking.stderr
    assert 'Traceback' not in lacking.stderr
