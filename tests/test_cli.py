"""The command ``mroi`` itself."""

from __future__ import annotations

import gc
import subprocess
import sys

from mroi_plugin.cli import COLLECT_AFTER, main


def test_collections_are_rare_in_a_command_and_as_before_after_it(capsys, monkeypatch):
    seen = []
    before = gc.get_threshold()
    monkeypatch.setattr(
        'mroi_plugin.commands.configs.run', lambda args: seen.append(gc.get_threshold()) or 0
    )
    assert main(['configs']) == 0
    assert seen == [(COLLECT_AFTER, *before[1:])] and gc.get_threshold() == before


def test_a_command_looks_for_no_garbage_when_it_exits():
    """Python would go through all objects of torch, for a quarter of the time of one image."""
    code = (
        'import atexit, gc\n'
        'from mroi_plugin.cli import main\n'
        'atexit.register(lambda: print("frozen", gc.get_freeze_count() > 1000))\n'
        'main(["infer", "missing.png", "--model", "mroi_open"])\n'
    )
    told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert told.stdout.splitlines()[-1] == 'frozen True'
