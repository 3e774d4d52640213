"""Arrays of checkpoints are what was saved, and nothing that a forged file makes of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from forged_arrays import FORGED, VALUES

from mroi_plugin.utils import safe_unpickling
from mroi_plugin.utils.safe_unpickling import read_torch, torch_version

SAVED = {
    name: value
    for name, value in VALUES.items()
    if isinstance(value, (np.ndarray, np.generic)) and 'objects' not in name
}


@pytest.fixture(params=['of torch', 'of ours'], autouse=True)
def unpickler(request, monkeypatch):
    """torch's own from 2.6 on, and the one that stands for it before."""
    if request.param == 'of ours':
        monkeypatch.setattr(safe_unpickling, 'SAFE_GLOBALS_SINCE', (99, 0))
    elif torch_version() < safe_unpickling.SAFE_GLOBALS_SINCE:
        pytest.skip('this torch cannot be told what is harmless')


@pytest.mark.parametrize('name', SAVED)
def test_what_is_read_is_what_was_saved(name, tmp_path):
    path, value = tmp_path / 'a.pth', SAVED[name]
    torch.save({'a': value, 'b': [value]}, path)
    for _ in range(2):  # what was read is saved as numpy's own
        content = read_torch(str(path))
        again = content['a']
        assert again.dtype == value.dtype.newbyteorder('=') and again.shape == value.shape
        np.testing.assert_equal(np.asarray(again), np.asarray(value))
        torch.save(content, path)
    plain = pickle.loads(pickle.dumps(again))
    assert type(plain) is type(value)


@pytest.mark.parametrize('name', FORGED)
def test_forged_arrays_are_refused(name, tmp_path):
    torch.save({'state_dict': {}, 'a': FORGED[name][0]}, tmp_path / 'a.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError, TypeError, AttributeError)):
        read_torch(str(tmp_path / 'a.pth'))
