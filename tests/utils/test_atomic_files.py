"""Files that a kill or a full disk leaves as they were."""

from __future__ import annotations

import os
import resource
import signal

import pytest
from mmengine.fileio import get_file_backend

from mroi_plugin.utils.atomic_files import BACKEND, remove_parts, write_atomically


def test_content_appears_and_nothing_else(tmp_path):
    backend = get_file_backend(str(tmp_path), backend_args={'backend': BACKEND})
    backend.put(b'one', str(tmp_path / 'new' / 'a.pth'))
    backend.put_text('zwölf', str(tmp_path / 'new' / 'b'))
    backend.put(b'two', str(tmp_path / 'new' / 'a.pth'))
    assert (tmp_path / 'new' / 'a.pth').read_bytes() == b'two'
    assert (tmp_path / 'new' / 'b').read_text(encoding='utf-8') == 'zwölf'
    assert len(list((tmp_path / 'new').iterdir())) == 2


@pytest.fixture
def small_disk():
    """The kernel refuses to let a file of this process grow beyond 64 KiB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, small_disk):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'old')
    with pytest.raises(OSError, match=r'epoch_1.pth \(1.0 MiB\) cannot be written: File too large'):
        write_atomically(bytes(2**20), path)
    assert path.read_bytes() == b'old' and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'):
        write_atomically(b'x', tmp_path / 'file' / 'a.pth')


def test_what_was_left_is_cleared_away(tmp_path):
    for name in ('epoch_1.pth.part', 'epoch_1.pth', 'notes.part'):
        (tmp_path / name).write_bytes(b'')
    remove_parts(tmp_path, '*.pth')
    assert sorted(os.listdir(tmp_path)) == ['epoch_1.pth', 'notes.part']
