"""Memory that a process frees is there for its next tensors."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys, torch
from mroi_plugin.utils.freed_memory import keep_freed_memory

keep_freed_memory(sys.argv[1])

def work():
    maps = torch.ones(16, 24, 128, 128)
    return (maps + 1).clamp(0, 6).sum()

for _ in range(10):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
"""Three maps of 24 MiB at a time, 6144 pages each."""


def page_faults(device: str) -> int:
    done = subprocess.run(
        [sys.executable, '-c', FAULTS, device], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc has mallopt')
def test_maps_need_new_pages_once():
    assert page_faults('cpu') < 1000 < 6144 < page_faults('cuda')
