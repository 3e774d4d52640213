"""Memory that a process frees is there for its next tensors."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch

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


def page_faults(before: str) -> int:
    done = subprocess.run(
        [sys.executable, '-c', before + FAULTS], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc has mallopt')
def test_maps_need_new_pages_once(config, checkpoint, in_workspace):
    assert page_faults(BY_ITSELF.format(device='cuda')) > 6144
    assert page_faults(BY_ITSELF.format(device='cpu')) < 1000
    assert page_faults(IN_A_RUN) < 1000
    assert page_faults(INFERENCE.format(config=config, checkpoint=checkpoint)) < 1000
