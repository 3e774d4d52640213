"""The index of an annotation file: same persons, built once, stale by content and not by path."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import torch

from mroi_plugin.datasets import index as annotation_index
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.datasets.index import Index, open_index
from mroi_plugin.datasets.texts import Texts
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data
from mroi_plugin.utils.npz_files import read_npz


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
        np.testing.assert_allclose(row['box_center'], (x + w / 2, y + h / 2), rtol=1e-6)
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
    np.testing.assert_allclose(second['box_center'] - first['box_center'], (1, 0), atol=1e-4)


def test_the_same_content_elsewhere_needs_no_new_index(source, builds, tmp_path):
    read_annotations(source, 'smpl_54')
    os.mkdir(tmp_path / 'moved')
    for name in ('synthetic_train.npz', 'synthetic_train.smpl_54.index'):
        shutil.move(tmp_path / name, tmp_path / 'moved' / name)
    os.utime(tmp_path / 'moved' / 'synthetic_train.npz')
    read_annotations(str(tmp_path / 'moved' / 'synthetic_train.npz'), 'smpl_54')
    assert len(builds) == 1


def as_file(content):
    """Puts a file in place of the folder, such as earlier versions of the plugin wrote."""

    def damage(place):
        shutil.rmtree(place)
        place.write_bytes(content)

    return damage


def cut_off(place):
    path = place / 'keypoints2d.npy'
    path.write_bytes(path.read_bytes()[:-1])


def flip(name, position):
    """Another bit in the middle of a file, whose length and form stay."""

    def damage(place):
        content = bytearray((place / name).read_bytes())
        content[position] ^= 1
        (place / name).write_bytes(content)

    return damage


def other_share(place):
    info = json.loads((place / 'info.json').read_text())
    info['shares']['smpl'] = 0.25
    (place / 'info.json').write_text(json.dumps(info))


def of_objects(place):
    np.save(place / 'box_size.npy', np.array([None] * 32, object))


DAMAGES = {
    'empty file': as_file(b''),
    'rubbish': as_file(b'rubbish'),
    'file of an earlier version': as_file(b'MROI arrays 1\n\x02\0\0\0\0\0\0\0{}'),
    'empty folder': lambda place: (shutil.rmtree(place), place.mkdir()),
    'no info': lambda place: (place / 'info.json').unlink(),
    'info is empty': lambda place: (place / 'info.json').write_bytes(b''),
    'info is of another kind': lambda place: (place / 'info.json').write_text('[1, 2]'),
    'info is no text': lambda place: (place / 'info.json').write_bytes(b'\xff' * 99),
    'a column is missing': lambda place: (place / 'smpl_betas.npy').unlink(),
    'a column is empty': lambda place: (place / 'image_path.npy').write_bytes(b''),
    'a column is cut off': cut_off,
    'a column of objects': of_objects,
    'the head of a column': flip('keypoints2d.npy', 60),
    'info says something else': other_share,
}
BODIES = {
    'a number of the keypoints': flip('keypoints2d.npy', 5000),
    'the last number': flip('smpl_betas.npy', -1),
    'an image path': flip('image_path.npy', -20),
}
"""What only a checksum of the whole column finds."""


@pytest.mark.parametrize('damage', [*DAMAGES, *BODIES])
def test_a_damaged_index_is_built_anew(source, builds, damage):
    place = source.replace('.npz', '.smpl_54.index')
    first = read_annotations(source, 'smpl_54').row(3)
    {**DAMAGES, **BODIES}[damage](Path(place))
    second = read_annotations(source, 'smpl_54').row(3)
    assert len(builds) == 2
    np.testing.assert_array_equal(first['keypoints2d'], second['keypoints2d'])


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_damaged_index_is_named(source, damage):
    place = open_index(source, 'smpl_54').path
    DAMAGES[damage](Path(place))
    with pytest.raises((ValueError, OSError), match=r'synthetic_train\.smpl_54\.index'):
        Index(place)


@pytest.mark.parametrize('fault', ['read-only', 'full'])
def test_where_the_folder_takes_nothing_the_cache_does(
    source, builds, small_disk, tmp_path, monkeypatch, fault
):
    moved = shutil.copy(source, small_disk.folder)
    small_disk.make(fault)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    for _ in range(2):
        read_annotations(moved, 'smpl_54')
    assert not os.path.exists(moved.replace('.npz', '.smpl_54.index'))
    (found,) = without_lock(tmp_path / 'cache' / 'mroi_plugin')
    assert found.endswith('.index')
    assert [place for *_, place, _ in builds][-1].startswith(str(tmp_path / 'cache'))


def test_nowhere_to_write_is_said(source, small_disk, tmp_path, monkeypatch):
    moved = shutil.copy(source, small_disk.folder)
    small_disk.make('full')
    (tmp_path / 'cache').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    with pytest.raises(OSError, match='set XDG_CACHE_HOME to a folder that is'):
        read_annotations(moved, 'smpl_54')


def test_bad_annotations_leave_no_index(source):
    boxes = read_npz(source)['bbox_xywh']
    boxes[2, 2] = 0
    change(source, bbox_xywh=boxes)
    for _ in range(2):
        with pytest.raises(ValueError, match='sample 2'):
            read_annotations(source, 'smpl_54')
    assert without_lock(os.path.dirname(source)) == ['synthetic_train.npz']


def test_columns_that_are_absent_take_no_room(source):
    data = read_npz(source)
    whole = size_of(open_index(source, 'smpl_54'))
    lean = {k: np.asarray(v) for k, v in data.items() if not k.startswith('keypoints3d')}
    np.savez_compressed(source, **lean)
    annotations = read_annotations(source, 'smpl_54')
    assert whole - size_of(annotations.index) > len(annotations) * 54 * 4 * 4 * 0.9
    zeros = annotations.arrays['keypoints3d']
    assert zeros.shape == (len(annotations), 54, 4) and zeros.dtype == np.float32
    assert not annotations.row(0)['keypoints3d'].any()


def size_of(index):
    return sum(path.stat().st_size for path in Path(index.path).iterdir())


def without_lock(folder):
    """Names in a folder but those of locks, which stay."""
    return [name for name in os.listdir(folder) if not name.endswith('.index.lock')]


def test_it_is_a_folder_that_numpy_reads(source):
    index = open_index(source, 'smpl_54')
    for name in ('box_center', 'keypoints2d', 'smpl_betas'):
        column = np.load(Path(index.path) / f'{name}.npy', allow_pickle=False)
        assert column.dtype == np.float32
        np.testing.assert_array_equal(column, index.arrays[name])
    assert json.loads((Path(index.path) / 'info.json').read_text())['digest'] == index.digest


def test_nothing_can_be_written_through_the_map(source):
    arrays = open_index(source, 'smpl_54').arrays
    for name in ('box_size', 'keypoints2d'):
        with pytest.raises(ValueError, match='read-only'):
            arrays[name][0] = 1


def test_who_has_it_mapped_keeps_it_when_it_is_replaced(source):
    old = open_index(source, 'smpl_54')
    boxes = read_npz(source)['bbox_xywh']
    before = old.arrays['box_size'][4].copy()
    change(source, bbox_xywh=boxes * np.array([1, 1, 2, 2, 1]))
    new = open_index(source, 'smpl_54')
    np.testing.assert_array_equal(old.arrays['box_size'][4], before)
    np.testing.assert_allclose(new.arrays['box_size'][4], 2 * before, rtol=1e-6)


def test_joints_of_another_convention_are_read(source):
    """Files may keep them so, if they say it."""
    expected = open_index(source, 'smpl_54').arrays['keypoints3d'].copy()
    assert (expected[..., 3] > 0).all()
    change(
        source,
        keypoints3d=expected,
        keypoints3d_mask=np.ones(54),
        keypoints3d_convention=np.array('smpl_54'),
    )
    np.testing.assert_array_equal(open_index(source, 'smpl_54').arrays['keypoints3d'], expected)


def test_chunks_are_joined(source, monkeypatch):
    whole = open_index(source, 'smpl_54')
    arrays = {name: array.copy() for name, array in whole.arrays.items()}
    shutil.rmtree(whole.path)
    monkeypatch.setattr('mroi_plugin.datasets.annotation_columns.CHUNK', 5)
    again = open_index(source, 'smpl_54')
    for name, array in arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array, err_msg=name)
    assert again.shares == whole.shares


def test_texts():
    names = ['a.jpg', 'ä/ö.png', 'z' * 1000]
    texts = Texts(np.array([name.encode() for name in names]))
    assert list(texts) == names and texts[-1] == names[-1] and texts[1:3] == names[1:3]
    with pytest.raises(IndexError):
        texts[3]


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
    from mroi_plugin.datasets.human_data import MultiRoIHumanDataset

    dataset = MultiRoIHumanDataset(source, '.', [lambda s: torch.as_tensor(s['keypoints2d'])])
    loader = torch.utils.data.DataLoader(dataset, batch_size=5, num_workers=2)
    seen = torch.cat(list(loader)).numpy()
    np.testing.assert_array_equal(seen, dataset.annotations.arrays['keypoints2d'].astype(float))


def test_the_index_is_readable_by_others(source):
    folder = Path(open_index(source, 'smpl_54').path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~_umask()
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask(), path


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
