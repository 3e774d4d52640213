"""The index of an annotation file: same persons, built once, stale by content and not by path."""

from __future__ import annotations

import os
import pickle
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import torch

from mroi_plugin.annotation_tools import read_npz
from mroi_plugin.datasets import annotation_index
from mroi_plugin.datasets.annotation_index import open_index
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.host.conventions import from_human_data


@pytest.fixture
def source(workspace, tmp_path):
    """A copy without an index."""
    name = 'synthetic_train.npz'
    shutil.copy(workspace / 'data' / 'synthetic' / 'preprocessed_datasets' / name, tmp_path / name)
    return str(tmp_path / name)


@pytest.fixture
def builds(monkeypatch):
    """Every building of an index."""
    done = []
    build = annotation_index._build
    monkeypatch.setattr(annotation_index, '_build', lambda *a: (done.append(a), build(*a)))
    return done


def change(path, **columns):
    """Write the file again with other columns."""
    np.savez_compressed(
        path, **{**{k: np.asarray(v) for k, v in read_npz(path).items()}, **columns}
    )


def test_rows_are_those_of_the_file(source):
    data = read_npz(source)
    annotations = read_annotations(source, 'smpl_54', box_padding=1.5)
    assert len(annotations) == len(data['image_path'])
    assert list(annotations.image_paths) == [str(name) for name in data['image_path']]
    mask = data['keypoints3d_mask']
    full = np.zeros((len(annotations), len(mask), 4))
    full[:, mask > 0] = data['keypoints3d']
    expected = from_human_data(full, mask, 'smpl_54')
    for i in (0, 7, len(annotations) - 1):
        row = annotations.row(i)
        x, y, w, h = np.float32(data['bbox_xywh'][i, :4])
        np.testing.assert_allclose(row['box_size'], (1.5 * w, 1.5 * h), rtol=1e-6)
        np.testing.assert_allclose(row['box_centre'], (x + w / 2, y + h / 2), rtol=1e-6)
        np.testing.assert_array_equal(row['keypoints3d'], expected[i])
        np.testing.assert_array_equal(row['smpl_betas'], np.float32(data['smpl']['betas'][i]))
        assert row['focal_length'] == np.float32(data['cam_param']['f'][i]).mean()


def test_it_is_built_once(source, builds):
    for _ in range(3):
        read_annotations(source, 'smpl_54')
    assert len(builds) == 1
    read_annotations(source, 'coco')
    assert len(builds) == 2


def test_other_content_is_noticed_with_the_same_path_size_and_time(source, builds):
    first = read_annotations(source, 'smpl_54').row(0)
    before = os.stat(source)
    boxes = read_npz(source)['bbox_xywh']
    boxes[0, 0] += 1
    change(source, bbox_xywh=boxes)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = read_annotations(source, 'smpl_54').row(0)
    assert len(builds) == 2
    np.testing.assert_allclose(second['box_centre'] - first['box_centre'], (1, 0), atol=1e-4)


def test_the_same_content_elsewhere_needs_no_new_index(source, builds, tmp_path):
    read_annotations(source, 'smpl_54')
    os.mkdir(tmp_path / 'moved')
    for name in ('synthetic_train.npz', 'synthetic_train.smpl_54.index'):
        shutil.move(tmp_path / name, tmp_path / 'moved' / name)
    os.utime(tmp_path / 'moved' / 'synthetic_train.npz')
    read_annotations(str(tmp_path / 'moved' / 'synthetic_train.npz'), 'smpl_54')
    assert len(builds) == 1


@pytest.mark.parametrize('damage', [b'', b'rubbish', b'MROI arrays 1\n'])
def test_a_damaged_index_is_built_anew(source, builds, damage):
    place = source.replace('.npz', '.smpl_54.index')
    first = read_annotations(source, 'smpl_54').row(3)
    Path(place).write_bytes(damage)
    second = read_annotations(source, 'smpl_54').row(3)
    assert len(builds) == 2
    np.testing.assert_array_equal(first['keypoints2d'], second['keypoints2d'])


def test_a_read_only_folder_is_indexed_in_the_cache(source, builds, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(annotation_index.os, 'access', lambda path, mode: False)  # root may all
    for _ in range(2):
        read_annotations(source, 'smpl_54')
    assert len(builds) == 1
    assert not os.path.exists(source.replace('.npz', '.smpl_54.index'))
    (found,) = os.listdir(tmp_path / 'cache' / 'mroi_plugin')
    assert found.endswith('.index')


def test_nowhere_to_write_is_said(source, tmp_path, monkeypatch):
    (tmp_path / 'cache').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(annotation_index.os, 'access', lambda path, mode: False)
    with pytest.raises(OSError, match='set XDG_CACHE_HOME to a folder that is'):
        read_annotations(source, 'smpl_54')


def test_bad_annotations_leave_no_index(source):
    boxes = read_npz(source)['bbox_xywh']
    boxes[2, 2] = 0
    change(source, bbox_xywh=boxes)
    for _ in range(2):
        with pytest.raises(ValueError, match='sample 2'):
            read_annotations(source, 'smpl_54')
    assert os.listdir(os.path.dirname(source)) == ['synthetic_train.npz']


def test_columns_that_are_absent_take_no_room(source):
    data = read_npz(source)
    change(source, keypoints3d=np.zeros((len(data['image_path']), data['keypoints3d'].shape[1], 4)))
    with_zeros = os.path.getsize(open_index(source, 'smpl_54').path)
    lean = {k: np.asarray(v) for k, v in data.items() if not k.startswith('keypoints3d')}
    np.savez_compressed(source, **lean)
    annotations = read_annotations(source, 'smpl_54')
    saved = with_zeros - os.path.getsize(annotations.mapped.path)
    assert saved > len(annotations) * 54 * 4 * 4 * 0.9
    assert not annotations.row(0)['keypoints3d'].any()


def test_a_pickled_data_set_carries_no_arrays(source):
    annotations = read_annotations(source, 'smpl_54', 1.2)
    annotations.arrays['has_transl'] = np.zeros(len(annotations), np.float32)
    pickled = pickle.dumps(annotations)
    assert len(pickled) < 1_000 + 4 * len(annotations)
    again = pickle.loads(pickled)
    for name, value in annotations.row(5).items():
        np.testing.assert_array_equal(value, again.row(5)[name], err_msg=name)


def test_workers_read_the_pages_of_the_trainer(source):
    """Persons of loader processes are those of this one."""
    from mroi_plugin.datasets import MultiRoIHumanData

    dataset = MultiRoIHumanData(source, '.', [lambda s: torch.as_tensor(s['keypoints2d'])])
    loader = torch.utils.data.DataLoader(dataset, batch_size=5, num_workers=2)
    seen = torch.cat(list(loader)).numpy()
    np.testing.assert_array_equal(seen, dataset.annotations.arrays['keypoints2d'].astype(float))


def test_the_index_is_readable_by_others(source):
    mode = os.stat(open_index(source, 'smpl_54').path).st_mode
    assert stat.S_IMODE(mode) == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
