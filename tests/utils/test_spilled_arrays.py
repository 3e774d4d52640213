"""Large arrays of an ``.npz`` can be mapped out of a file without a name."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from mroi_plugin.utils import spilling
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.npz_files import read_npz


@pytest.fixture
def arrays(monkeypatch):
    monkeypatch.setattr(spilling, 'SPILL', 1000)
    monkeypatch.setattr(spilling, 'BLOCK', 700)
    numbers = np.random.default_rng(0).normal(size=(50, 4, 3))
    return {
        'rows': numbers,
        'columns': np.asfortranarray(numbers[..., 0]),
        'texts': np.array([f'name {i}' for i in range(200)]),
        'few': np.arange(3),
        'nested': np.array(
            {
                'pose': numbers,
                'columns': np.asfortranarray(numbers[..., 0]),
                'again': numbers,
                'few': np.arange(3),
                'deep': [{'texts': np.array([f'name {i}' for i in range(200)])}],
                'names': [f'name {i}' for i in range(200)],
                'any': np.array([None, 'a'] * 300, dtype=object),
            },
            dtype=object,
        ),
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
    nested = found['nested']
    for name, array in (
        *((name, nested[name]) for name in ('columns', 'few')),
        *(('rows', nested[name]) for name in ('pose', 'again')),
        ('texts', nested['deep'][0]['texts']),
    ):
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype
        assert array.flags.writeable == (name == 'few')
    assert nested['pose'] is nested['again']
    assert nested['names'] == list(arrays['texts']) and list(nested['any'][:2]) == [None, 'a']


def test_large_arrays_in_dictionaries_take_no_memory(tmp_path):
    """128 MiB of them, in a process that may have half as much more than it has."""
    size = 2**23
    poses = {'pose': np.arange(size, dtype=np.float64), 'betas': np.ones(size, np.float64)}
    np.savez_compressed(tmp_path / 'a.npz', smpl=np.array(poses, dtype=object))
    code = 'smpl = read_npz(*sys.argv[1:])["smpl"]; print(smpl["pose"][-1], smpl["betas"].sum())'
    assert in_small_memory(code, tmp_path) == f'{size - 1}.0 {size}.0\nread\n'


def in_small_memory(code, folder):
    """What a process prints that reads ``a.npz`` and may have 64 MiB more than it has."""
    whole = (
        'import re, resource, sys, numpy as np\n'
        'from mroi_plugin.utils.npz_files import read_npz\n'
        'status = open("/proc/self/status").read()\n'
        'used = int(re.search(r"VmData:\\s+(\\d+)", status)[1]) * 1024\n'
        'resource.setrlimit(resource.RLIMIT_DATA, (used + 2**26,) * 2)\n'
        f'{code}\nprint("read")\n'
    )
    command = [sys.executable, '-c', whole, str(folder / 'a.npz'), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


class Trap:
    def __reduce__(self):
        return os.system, ('touch trapped',)


def test_nothing_is_executed(arrays, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    smpl = np.array({'pose': arrays['rows'], 'betas': Trap()}, dtype=object)
    np.savez('a.npz', smpl=smpl)
    with pytest.raises(UnsafeFileError, match=r'asks for \w+.system'):
        read_npz('a.npz', '.')
    assert not os.path.exists('trapped')


@pytest.mark.parametrize('spilled', [True, False])
@pytest.mark.parametrize(
    'value',
    [bytes(5000), np.str_('a' * 5000), [np.bytes_(b'b' * 5000)], {'c' * 5000: bytes(5000)}],
    ids=['bytes', 'text', 'list', 'dictionary'],
)
def test_large_bytes_that_are_no_array_stay_what_they_are(arrays, tmp_path, value, spilled):
    np.savez(tmp_path / 'a.npz', misc=np.array({'a': value, 'rows': arrays['rows']}, dtype=object))
    found = read_npz(str(tmp_path / 'a.npz'), str(tmp_path) if spilled else None)['misc']
    assert found['a'] == value and type(found['a']) is type(value)
    np.testing.assert_array_equal(found['rows'], arrays['rows'])


@pytest.mark.parametrize('pickled', [True, False])
def test_more_than_its_content_takes_no_memory(tmp_path, pickled):
    """A small entry with 1 GiB of zeros behind it, in a file of a megabyte."""
    content = io.BytesIO()
    np.save(content, np.array({'a': 1}, dtype=object) if pickled else np.ones(3))
    with (
        zipfile.ZipFile(tmp_path / 'a.npz', 'w', zipfile.ZIP_DEFLATED) as archive,
        archive.open('a.npy', 'w', force_zip64=True) as file,
    ):
        file.write(content.getvalue())
        for _ in range(1024):
            file.write(bytes(2**20))
    assert in_small_memory('read_npz(*sys.argv[1:])', tmp_path).endswith('read\n')


def test_without_room_they_are_in_memory(arrays, tmp_path):
    np.savez(tmp_path / 'a.npz', **arrays)
    found = read_npz(str(tmp_path / 'a.npz'), str(tmp_path / 'absent'))
    for array in (found['rows'], found['nested']['pose']):
        np.testing.assert_array_equal(array, arrays['rows'])
        assert array.flags.writeable


@pytest.mark.parametrize('entry', ['rows', 'nested'])
def test_a_damaged_array_is_an_error(arrays, tmp_path, entry):
    path = tmp_path / 'a.npz'
    np.savez(path, **arrays)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(f'{entry}.npy').header_offset
    content[start + 400] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'no readable .npz .*CRC'):
        read_npz(str(path), str(tmp_path))
