"""The command ``mroi`` itself."""

from __future__ import annotations

import gc

from mroi_plugin.cli import COLLECT_AFTER, main


def test_collections_are_rare_in_a_command_and_as_before_after_it(capsys, monkeypatch):
    seen = []
    before = gc.get_threshold()
    monkeypatch.setattr(
        'mroi_plugin.commands.configs.run', lambda args: seen.append(gc.get_threshold()) or 0
    )
    assert main(['configs']) == 0
    assert seen == [(COLLECT_AFTER, *before[1:])] and gc.get_threshold() == before
