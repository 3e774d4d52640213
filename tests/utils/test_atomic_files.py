"""Files that a kill or a full disk leaves as they were."""

from __future__ import annotations

import ast
import multiprocessing
import os
import re
import resource
import signal
import time
from uuid import UUID

import pytest
from locations import ROOT
from mmengine.fileio import get_file_backend

from mroi_plugin.utils import atomic_files
from mroi_plugin.utils.atomic_files import (
    BACKEND,
    atomic_file,
    remove_parts,
    write_atomically,
)

FORK = multiprocessing.get_context('fork')


def test_content_appears_and_nothing_else(tmp_path):
    backend = get_file_backend(str(tmp_path), backend_args={'backend': BACKEND})
    backend.put(b'one', str(tmp_path / 'new' / 'a.pth'))
    backend.put_text('zwölf', str(tmp_path / 'new' / 'b'))
    backend.put(b'two', str(tmp_path / 'new' / 'a.pth'))
    assert (tmp_path / 'new' / 'a.pth').read_bytes() == b'two'
    assert (tmp_path / 'new' / 'b').read_text(encoding='utf-8') == 'zwölf'
    assert len(list((tmp_path / 'new').iterdir())) == 2


@pytest.fixture
def small_files():
    """The kernel refuses to let a file of this process grow beyond 64 KiB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, small_files):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'old')
    with pytest.raises(OSError, match=r'epoch_1.pth \(1.0 MiB\) cannot be written: File too large'):
        write_atomically(bytes(2**20), path)
    assert path.read_bytes() == b'old' and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'):
        write_atomically(b'x', tmp_path / 'file' / 'a.pth')


def write_often(path, letter, count):
    for _ in range(count):
        write_atomically(letter * 300_000, path)


def test_two_writers_of_one_path_give_one_whole_file(tmp_path):
    path = tmp_path / 'a.bin'
    writers = [FORK.Process(target=write_often, args=(path, c, 150)) for c in (b'a', b'b')]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            seen.append(path.read_bytes())
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    whole = {b'a' * 300_000, b'b' * 300_000}
    assert seen and {*seen, path.read_bytes()} <= whole
    assert os.listdir(tmp_path) == ['a.bin']


def write_for_ever(path, told):
    with atomic_file(path) as part:
        part.write_bytes(b'half')
        told.put(part.name)
        time.sleep(600)


def test_what_a_killed_writer_left_goes_and_what_one_writes_stays(tmp_path):
    told = FORK.Queue()
    writers = [FORK.Process(target=write_for_ever, args=(tmp_path / n, told)) for n in 'ab']
    for writer in writers:
        writer.start()
        told.get(timeout=20)
    os.kill(writers[0].pid, signal.SIGKILL)
    writers[0].join()
    (tmp_path / 'notes.part').write_bytes(b'of somebody else')
    later = FORK.Process(target=write_atomically, args=(b'whole', tmp_path / 'c'))
    later.start()
    later.join()
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 3 and names[0].startswith('.b.') and names[1:] == ['c', 'notes.part']
    os.kill(writers[1].pid, signal.SIGKILL)
    writers[1].join()
    remove_parts(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ['c', 'notes.part']


def test_a_full_disk_is_named_and_leaves_what_was_there(small_disk):
    path = small_disk.folder / 'a.json'
    path.write_bytes(b'old')
    small_disk.make('full')
    with pytest.raises(OSError, match=r'a.json \(.*MiB\) cannot be written: No space left'):
        write_atomically(bytes(100_000), path)
    assert path.read_bytes() == b'old' and len(os.listdir(small_disk.folder)) == 2


def test_links_that_others_have_planted_are_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / 'victim'
    victim.write_bytes(b'mine')
    monkeypatch.setattr(atomic_files, 'uuid4', lambda: UUID(int=0))
    (tmp_path / f'.a.{UUID(int=0).hex}.part').symlink_to(victim)
    with pytest.raises(OSError, match='File exists'):
        write_atomically(b'theirs', tmp_path / 'a')
    assert victim.read_bytes() == b'mine'


WRITES = re.compile(r'\.(savefig|imwrite|tofile|savez|savez_compressed|save|dump)$')


def plain_writes(source):
    """Calls in a source text that write a file under a name that is no temporary one."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = ' '.join(ast.unparse(a) for a in (*node.args, *(k.value for k in node.keywords)))
        opened = name == 'open' and re.search(r"'[wxa]", given)
        method = name.endswith(('.write_text', '.write_bytes')) and not name.startswith('part.')
        saved = WRITES.search(name) and not re.search(
            r'\b(part|content|file|f|path|result)\b', given
        )
        if (
            opened
            or method
            or saved
            or (name.endswith('.to_csv') and given and not given.startswith('part'))
        ):
            yield node.lineno, ast.unparse(node)


KNOWN = {
    'mroi_plugin/analysis/ablation/perform.py': 'the log of a training, which is appended to',
    'mroi_plugin/datasets/column_files.py': 'in a folder that is moved to its place',
    'mroi_plugin/datasets/index.py': 'in a folder that is moved to its place',
    'mroi_plugin/models/body_models/free_body.py': 'in atomic_file',
    'mroi_plugin/adapters/mean_params_file.py': 'in a temporary folder',
    'mroi_plugin/utils/atomic_files.py': 'the writer itself',
}


@pytest.mark.parametrize('folder', ['mroi_plugin', 'projects', 'tools'])
def test_every_writer_is_atomic(folder):
    found = {
        str(path.relative_to(ROOT)): calls
        for path in sorted((ROOT / folder).rglob('*.py'))
        if (calls := list(plain_writes(path.read_text(encoding='utf-8'))))
    }
    assert {name: calls for name, calls in found.items() if name not in KNOWN} == {}
