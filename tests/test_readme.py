"""What the README names exists: make targets, scripts, options, configs, pictures."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from locations import ROOT

README = (ROOT / 'README.md').read_text()
MAKEFILE = (ROOT / 'Makefile').read_text()


@pytest.mark.parametrize('target', sorted(set(re.findall(r'\bmake (\w+)', README))))
def test_make_targets(target):
    assert re.search(rf'^{target}:', MAKEFILE, re.MULTILINE), target


def test_paths():
    paths = set(re.findall(r'`((?:configs|tools|mroi_plugin|docs|requirements)/[\w/.]+)`', README))
    paths |= set(re.findall(r'\]\(((?:docs|mroi_plugin)/[\w/.]+)\)', README))
    assert len(paths) > 8
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing, missing


@pytest.mark.parametrize('script', ['train', 'test'])
def test_options_of_the_tools(script):
    usage = re.search(rf'python tools/{script}\.py .*?(?=python tools|```)', README, re.DOTALL)
    options = set(re.findall(r'--[\w-]+', usage.group()))
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / f'{script}.py'), '--help'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert options and all(option in done.stdout for option in options)
