"""Large arrays of an ``.npz`` can be mapped out of a file without a name."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from mroi_plugin.utils import safe_unpickling
from mroi_plugin.utils.safe_unpickling import read_npz


@pytest.fixture
def arrays(monkeypatch):
    monkeypatch.setattr(safe_unpickling, 'SPILL', 1000)
    numbers = np.random.default_rng(0).normal(size=(50, 4, 3))
    return {
        'rows': numbers,
        'columns': np.asfortranarray(numbers[..., 0]),
        'texts': np.array([f'name {i}' for i in range(200)]),
        'few': np.arange(3),
        'nested': np.array({'pose': numbers}, dtype=object),
    }


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_they_are_what_is_read(arrays, tmp_path, save):
    save(tmp_path / 'a.npz', **arrays)
    found = read_npz(str(tmp_path / 'a.npz'), str(tmp_path))
    assert os.listdir(tmp_path) == ['a.npz']
    for name in ('rows', 'columns', 'texts', 'few'):
        np.testing.assert_array_equal(found[name], arrays[name])
        assert found[name].dtype == arrays[name].dtype
        assert found[name].flags.writeable == (name == 'few')
    np.testing.assert_array_equal(found['nested']['pose'], arrays['rows'])


def test_without_room_they_are_in_memory(arrays, tmp_path):
    np.savez(tmp_path / 'a.npz', **arrays)
    found = read_npz(str(tmp_path / 'a.npz'), str(tmp_path / 'absent'))
    np.testing.assert_array_equal(found['rows'], arrays['rows'])
    assert found['rows'].flags.writeable


def test_a_damaged_array_is_an_error(arrays, tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, **arrays)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo('rows.npy').header_offset
    content[start + 400] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'no readable .npz .*CRC'):
        read_npz(str(path), str(tmp_path))
