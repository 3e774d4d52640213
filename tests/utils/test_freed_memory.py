"""Memory that a process frees is there for its next tensors."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
import ctypes, threading, torch

class Totals(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            'arena', 'ordblks', 'smblks', 'hblks', 'hblkhd',
            'usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost',
        )
    ]

def held():
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = Totals
    totals = mallinfo()
    return totals.arena + totals.hblkhd

def work():
    maps = [torch.empty(size, dtype=torch.uint8) for _ in range(512 * 2**20 // size)]
    return held() - before

before = held()
for size in (512 * 2**20, 16 * 2**20):
    print(work(), held() - before)
with_thread = threading.Thread(target=lambda: print(work(), held() - before))
with_thread.start()
with_thread.join()
"""
"""How much more the allocator has from the system, in bytes: with a map of 512 MiB and freed, with
32 of 16 MiB and freed, and with such in another thread. mallinfo2(3) tells it on every kernel; some
count no page faults."""
MAPS = 2**29
BY_ITSELF = """
from mroi_plugin.utils.freed_memory import keep_freed_memory
keep_freed_memory({device!r})
"""
IN_A_RUN = """
from mmengine.config import ConfigDict
from mroi_plugin.engine.launch import launched
with launched(ConfigDict(launcher='none', work_dir='.', filename='config.py')):
    pass
"""
INFERENCE = """
from mroi_plugin import Inferencer
Inferencer({config!r}, {checkpoint!r}, device='cpu')
"""


def held(before: str) -> list[list[int]]:
    done = subprocess.run(
        [sys.executable, '-c', before + HELD], capture_output=True, text=True, check=True
    )
    return [[int(size) for size in line.split()] for line in done.stdout.splitlines()[-3:]]


GLIBC = platform.libc_ver()


@pytest.mark.skipif(
    GLIBC[0] != 'glibc' or tuple(map(int, GLIBC[1].split('.'))) < (2, 33),
    reason='mallinfo2 is of glibc 2.33',
)
def test_freed_maps_stay_with_the_process(config, checkpoint, in_workspace):
    for in_use, freed in held(BY_ITSELF.format(device='cuda'))[:2]:
        assert in_use >= MAPS and freed < MAPS // 4
    inference = INFERENCE.format(config=config, checkpoint=checkpoint)
    for kept in (BY_ITSELF.format(device='cpu'), IN_A_RUN, inference):
        for in_use, freed in held(kept):
            assert freed == in_use > MAPS * 3 // 4, kept
            # What the first maps leave is there for the other thread's, which lie between what is
            # in use: with an arena of its own, these would be held beside them, 2.4 times MAPS.
            assert freed < 2 * MAPS, kept
