"""Render the synthetic data set: the options are those of the generator's own script."""

from __future__ import annotations

import subprocess
import sys

from mroi_plugin.utils.child_processes import ending_with_this
from mroi_plugin.utils.config_files import shipped


def forward(arguments: list[str]) -> int:
    """Run the generator in a process of its own; returns its exit status."""
    script = shipped('projects') / 'synthetic_humans' / 'make_data.py'
    return subprocess.call(ending_with_this([sys.executable, str(script), *arguments]))
