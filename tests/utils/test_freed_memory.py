"""Memory that a process frees is there for its next tensors."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
import ctypes, torch

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

before = held()
maps = torch.empty(512, 1024, 1024, dtype=torch.uint8)
in_use = held() - before
del maps
print(in_use, held() - before)
"""
"""How much more the allocator has from the system, in bytes: with a map of 512 MiB, and when the
map is freed. mallinfo2(3) tells it on every kernel; some count no page faults."""
MAP = 2**29
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


def held(before: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, '-c', before + HELD], capture_output=True, text=True, check=True
    )
    in_use, freed = map(int, done.stdout.split()[-2:])
    return in_use, freed


GLIBC = platform.libc_ver()


@pytest.mark.skipif(
    GLIBC[0] != 'glibc' or tuple(map(int, GLIBC[1].split('.'))) < (2, 33),
    reason='mallinfo2 is of glibc 2.33',
)
def test_freed_maps_stay_with_the_process(config, checkpoint, in_workspace):
    in_use, freed = held(BY_ITSELF.format(device='cuda'))
    assert in_use >= MAP > 64 * freed
    inference = INFERENCE.format(config=config, checkpoint=checkpoint)
    for kept in (BY_ITSELF.format(device='cpu'), IN_A_RUN, inference):
        in_use, freed = held(kept)
        assert freed == in_use >= MAP * 3 // 4, kept
