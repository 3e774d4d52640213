"""Arrays of pickles are what was pickled, and nothing that a forged file makes of them."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from forged_arrays import FORGED, VALUES

from mroi_plugin.utils.array_pickles import ArrayUnpickler, UnsafeFileError
from mroi_plugin.utils.safe_unpickling import read_pickle


def read(content):
    return ArrayUnpickler(io.BytesIO(content)).load()


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('name', VALUES)
def test_what_is_read_is_what_was_pickled(name, protocol):
    value = VALUES[name]
    again, twice, listed = read(pickle.dumps([value, value, [value]], protocol))
    assert again is twice and listed[0] is again
    if isinstance(value, np.ndarray):
        assert type(again) is np.ndarray and again.dtype == value.dtype.newbyteorder('=')
        assert again.shape == value.shape
        assert again.flags.writeable or protocol == 5
    np.testing.assert_equal(again, value)


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
@pytest.mark.parametrize('name', FORGED)
def test_forged_arrays_are_refused(name, protocol):
    value, said = FORGED[name]
    with pytest.raises((UnsafeFileError, ValueError, TypeError), match=said):
        read(pickle.dumps(value, protocol))


def test_damaged_pickles_are_read_or_refused(tmp_path):
    """600 of them, with some bytes changed or their end cut off."""
    content = pickle.dumps(VALUES, 2), pickle.dumps(VALUES, 4)
    rng, path, refused = np.random.default_rng(0), tmp_path / 'a.pkl', 0
    for i in range(600):
        damaged = bytearray(content[i % 2])
        for place in rng.integers(len(damaged), size=rng.integers(1, 6)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(1, len(damaged))] if i % 3 == 0 else damaged)
        try:
            read_pickle(str(path))
        except ValueError as error:
            refused += 1
            assert 'a.pkl is damaged (' in str(error) or 'a.pkl is refused: it ' in str(error)
    assert 200 < refused < 600
