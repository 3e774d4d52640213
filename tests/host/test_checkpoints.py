"""mmengine's own checkpoints under safe loading, and nothing beyond them."""

from __future__ import annotations

import pickle

import pytest
import torch
from mmengine.logging import HistoryBuffer

from mroi_plugin.host import allow_engine_checkpoints

SAFE = tuple(int(p) for p in torch.__version__.split('.')[:2]) >= (2, 6)


def test_history_buffers_load_safely(tmp_path):
    buffer = HistoryBuffer([1.0, 2.0, 4.0], [1, 1, 1])
    torch.save({'message_hub': {'log_scalars': {'loss': buffer}}}, tmp_path / 'a.pth')
    allow_engine_checkpoints()
    loaded = torch.load(tmp_path / 'a.pth', weights_only=SAFE)
    assert loaded['message_hub']['log_scalars']['loss'].mean(2) == 3


class Thief:
    def __init__(self, owner, name):
        self.wanted = (owner, name)

    def __reduce__(self):
        return (getattr, self.wanted)


@pytest.mark.parametrize('wanted', [(HistoryBuffer, '__init__'), (torch.Tensor, 'numpy')])
@pytest.mark.skipif(not SAFE, reason='safe loading with named stand-ins needs torch 2.6')
def test_getattr_is_allowed_for_nothing_else(tmp_path, wanted):
    torch.save({'x': Thief(*wanted)}, tmp_path / 'b.pth')
    allow_engine_checkpoints()
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        torch.load(tmp_path / 'b.pth', weights_only=True)
