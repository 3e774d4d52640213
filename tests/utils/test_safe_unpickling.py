"""Pickles of arrays ask for nothing else."""

from __future__ import annotations

import pytest

from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.safe_unpickling import read_pickle


def test_arrays_ask_for_no_codec_but_latin1(tmp_path):
    text = b'c_codecs\nencode\n(V' + b'a' * 9 + b'\nVpunycode\ntR.'
    (tmp_path / 'a.pkl').write_bytes(text)
    with pytest.raises(UnsafeFileError, match='another codec'):
        read_pickle(str(tmp_path / 'a.pkl'))
