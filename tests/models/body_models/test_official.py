"""Licensed files in their true format: chumpy arrays, sparse regressor, Python 2 pickles."""

import pickle
import sys
import types

import numpy as np
import pytest
import scipy.sparse

from mroi_plugin.models.body_models.official import load_smpl_file
from mroi_plugin.utils.array_pickles import UnsafeFileError

RNG = np.random.default_rng(0)


class Ch:
    """Pickles as ``chumpy.ch.Ch`` does: by its dictionary, the numbers under ``x``."""

    def __init__(self, x):
        self.x = x

    def __getstate__(self):
        return {'x': self.x, '_dirty_vars': set(), '_itr': None, '_parents': {}}


def small_body():
    return {
        'v_template': RNG.random((7, 3)),
        'f': np.array([[0, 1, 2], [2, 3, 4]], np.uint32),
        'shapedirs': RNG.random((7, 3, 10)),
        'posedirs': RNG.random((7, 3, 207)),
        'J_regressor': RNG.random((24, 7)) * (RNG.random((24, 7)) > 0.5),
        'weights': RNG.random((7, 24)),
        'kintree_table': np.arange(48).reshape(2, 24),
    }


@pytest.fixture
def chumpy(monkeypatch):
    """A chumpy that exists while the file is written and is gone when it is read."""
    package, module = types.ModuleType('chumpy'), types.ModuleType('chumpy.ch')
    module.Ch = Ch
    monkeypatch.setattr(Ch, '__module__', 'chumpy.ch')
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, 'chumpy', package)
        patch.setitem(sys.modules, 'chumpy.ch', module)
        yield Ch


@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_official_pickle(tmp_path, chumpy, protocol, monkeypatch):
    body = small_body()
    content = {
        **body,
        'shapedirs': chumpy(body['shapedirs']),
        'J_regressor': scipy.sparse.csc_matrix(body['J_regressor']),
        'bs_type': 'lrotmin',
    }
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    monkeypatch.delitem(sys.modules, 'chumpy')
    monkeypatch.delitem(sys.modules, 'chumpy.ch')
    read = load_smpl_file(str(path))
    assert 'chumpy' not in sys.modules
    for name, array in body.items():
        np.testing.assert_array_equal(read[name], array)


def test_npz(tmp_path):
    body = small_body()
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **body)
    read = load_smpl_file(str(tmp_path / 'SMPL_NEUTRAL.npz'))
    for name, array in body.items():
        np.testing.assert_array_equal(read[name], array)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, 'w'))


def test_nothing_in_a_pickle_is_executed(tmp_path):
    trace = tmp_path / 'trace'
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(pickle.dumps({**small_body(), 'extra': Malicious(str(trace))}))
    with pytest.raises(UnsafeFileError, match=r'SMPL_NEUTRAL.pkl is refused: it asks for .*open'):
        load_smpl_file(str(path))
    assert not trace.exists()


def test_reconstructor_makes_nothing_but_arrays(tmp_path):
    path = tmp_path / 'x.pkl'
    path.write_bytes(b'ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nobject\nNtR.')
    with pytest.raises(UnsafeFileError):
        load_smpl_file(str(path))


def test_bad_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pkl'):
        load_smpl_file(str(tmp_path / 'nowhere.pkl'))
    (tmp_path / 'text.pkl').write_text('not a pickle')
    with pytest.raises(ValueError, match=r'text.pkl is no SMPL file'):
        load_smpl_file(str(tmp_path / 'text.pkl'))
    part = small_body()
    del part['weights']
    np.savez(tmp_path / 'part.npz', **part)
    with pytest.raises(ValueError, match='lacks weights'):
        load_smpl_file(str(tmp_path / 'part.npz'))
