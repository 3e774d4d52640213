"""Reading and writing HumanData files: what was written is read, whole, by everyone alike."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mroi_plugin.datasets.annotation_columns import chunks_of
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.datasets.annotation_file import (
    keypoint_rows,
    open_human_data,
    read_human_data,
    select,
    write_human_data,
)
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data, keypoint_names
from mroi_plugin.utils.npz_files import read_npz


@pytest.fixture
def path(workspace):
    return str(workspace / 'data' / 'synthetic' / 'preprocessed_datasets' / 'synthetic_test.npz')


def save(path, **entries):
    np.savez(path, **{k: np.asarray(v) for k, v in entries.items()})
    return str(path)


def test_what_was_written_is_read(path, tmp_path):
    table = read_human_data(path)
    write_human_data(str(tmp_path / 'new' / 'a.npz'), table)
    again = read_human_data(str(tmp_path / 'new' / 'a.npz'))
    assert list(again) == list(table) and again['image_path'] == table['image_path']
    for key in ('bbox_xywh', 'keypoints2d', 'keypoints3d', 'keypoints3d_mask', 'has_smpl'):
        np.testing.assert_array_equal(again[key], table[key])
    for key, value in table['smpl'].items():
        np.testing.assert_array_equal(again['smpl'][key], value)


def test_one_table_gives_the_same_bytes(path, tmp_path):
    for name in 'ab':
        write_human_data(str(tmp_path / f'{name}.npz'), read_human_data(path))
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def test_a_failed_writing_leaves_what_was_there(path, tmp_path, monkeypatch):
    from mmhuman3d.data.data_structures.human_data import HumanData

    def dump(self, target):
        Path(target).write_bytes(b'half of')
        raise OSError('No space left on device')

    target = tmp_path / 'a.npz'
    target.write_bytes(b'before')
    monkeypatch.setattr(HumanData, 'dump', dump)
    with pytest.raises(OSError, match='No space left'):
        write_human_data(str(target), read_human_data(path))
    assert target.read_bytes() == b'before' and os.listdir(tmp_path) == ['a.npz']


def test_stock_mmhuman3d_reads_what_was_written(path, tmp_path):
    from mmhuman3d.data.data_structures.human_data import HumanData

    table = read_human_data(path)
    write_human_data(str(tmp_path / 'a.npz'), table)
    data = HumanData.fromfile(str(tmp_path / 'a.npz'))
    np.testing.assert_array_equal(data['keypoints2d'], table['keypoints2d'])
    assert data.check_keypoints_compressed() and data.data_len == 8


def test_keypoints_are_converted_alike_in_chunks_and_at_once(path, monkeypatch):
    monkeypatch.setattr('mroi_plugin.datasets.annotation_columns.CHUNK', 3)
    table, stored = read_human_data(path), open_human_data(path)
    for convention in ('coco', 'smpl_54', 'human_data'):
        chunks = [keypoint_rows(stored, 'keypoints3d', convention, p) for p in chunks_of(8)]
        assert [len(chunk) for chunk in chunks] == [3, 3, 2]
        whole = from_human_data(table['keypoints3d'], table['keypoints3d_mask'], convention)
        np.testing.assert_array_equal(np.concatenate(chunks), whole)


def test_joints_of_another_convention(path, tmp_path):
    data, points = read_npz(path), np.random.default_rng(0).random((8, 17, 3))
    entries = {
        'image_path': data['image_path'],
        'bbox_xywh': data['bbox_xywh'][:, :4],
        'keypoints2d': points,
        'keypoints2d_mask': np.ones(17),
        'keypoints2d_convention': 'coco',
    }
    source = save(tmp_path / 'a.npz', **entries)
    table = read_human_data(source)
    assert table['keypoints2d'].shape == (8, 190, 3) and table['keypoints2d_mask'].sum() == 17
    assert table['keypoints2d_convention'] == 'human_data' and (table['bbox_xywh'][:, 4] == 1).all()
    arrays = read_annotations(source, 'coco').arrays
    np.testing.assert_array_equal(arrays['keypoints2d'], np.float32(points))
    with pytest.raises(AnnotationError, match=r'is of shape \(190,\), expected 17 numbers'):
        read_human_data(save(tmp_path / 'b.npz', **{**entries, 'keypoints2d_mask': np.ones(190)}))


def test_further_keypoints_are_expanded(path, tmp_path):
    data = read_npz(path)
    mask = np.zeros(190)
    mask[:20] = 1
    data.update(keypoints2d_smpl=np.ones((8, 20, 3)), keypoints2d_smpl_mask=mask)
    table = read_human_data(save(tmp_path / 'a.npz', **data))
    assert table['keypoints2d_smpl'].shape == (8, 190, 3)
    assert table['keypoints2d_smpl'].sum() == 8 * 20 * 3
    data['keypoints2d_smpl'] = np.ones((8, 21, 3))
    with pytest.raises(AnnotationError, match=r'keypoints2d_smpl is of shape .* \(N, 20, 3\)'):
        read_human_data(save(tmp_path / 'a.npz', **data))


@pytest.mark.parametrize('read', [read_human_data, lambda p: read_annotations(p, 'smpl_54')])
@pytest.mark.parametrize(
    ('spoilt', 'said'),
    [
        ({'bbox_xywh': np.ones((7, 5))}, 'bbox_xywh has 7 rows beside 8 image paths'),
        (
            {'has_smpl': np.ones((8, 2))},
            r'has_smpl is of shape \(8, 2\), expected \(N,\), 1 number',
        ),
        ({'keypoints2d': np.ones((8, 9, 3))}, r'keypoints2d is of shape \(8, 9, 3\)'),
        ({'smpl': {'betas': np.ones((8, 9))}}, r'smpl.betas is of shape \(8, 9\)'),
        (
            {'cam_param': {'f': np.zeros((8, 2))}},
            r'cam_param.f of 8 persons, first sample 0 \(test',
        ),
        ({'meta': {'gender': ['m']}}, 'meta.gender has 1 rows'),
        ({'image_path': np.arange(8)}, "image_path of sample 0 is '0'"),
    ],
)
def test_training_and_completing_refuse_the_same(path, tmp_path, read, spoilt, said):
    source = save(tmp_path / 'a.npz', **{**read_npz(path), **spoilt})
    with pytest.raises(AnnotationError, match=rf'a\.npz \(ann_file\): {said}') as error:
        read(source)
    assert '\n' not in str(error.value) and str(error.value).endswith('.')


def test_persons_are_selected(path):
    table = read_human_data(path)
    keep = np.arange(8) % 2 == 0
    chosen = select(table, keep)
    assert chosen['image_path'] == table['image_path'][::2]
    np.testing.assert_array_equal(chosen['keypoints3d'], table['keypoints3d'][::2])
    np.testing.assert_array_equal(chosen['smpl']['betas'], table['smpl']['betas'][::2])
    assert len(chosen['keypoints3d_mask']) == len(keypoint_names('human_data'))
    assert chosen['misc'] == table['misc']
