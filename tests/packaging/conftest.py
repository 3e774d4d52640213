"""The wheel and an environment that has it."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from installs import Environment, succeed
from locations import ROOT

SOURCES = ('mroi_plugin', 'configs', 'tools', 'projects', 'requirements')
PIP = (sys.executable, '-m', 'pip')
OFFLINE = ('-q', '--no-deps', '--no-index', '--no-build-isolation')


@pytest.fixture(scope='session')
def source_tree(tmp_path_factory) -> Path:
    """The sources as in a clone that has been used: with caches and an old build beside them."""
    tree = tmp_path_factory.mktemp('clone')
    ignore = shutil.ignore_patterns('__pycache__', '*.egg-info')
    for name in SOURCES:
        shutil.copytree(ROOT / name, tree / name, ignore=ignore)
    for file in (*ROOT.glob('*.py'), *ROOT.glob('*.md'), *ROOT.glob('*.yml')):
        shutil.copy(file, tree)
    for name in ('pyproject.toml', 'MANIFEST.in', 'LICENSE', 'NOTICE'):
        shutil.copy(ROOT / name, tree)
    for stray in (
        'build/lib/mroi_plugin/removed_long_ago.py',
        'configs/__pycache__/stray.cpython-39.pyc',
        'configs/mroi/weights.pth',
        'projects/synthetic_humans/tests/test_stray.py',
        'projects/synthetic_humans/synthetic_humans.egg-info/SOURCES.txt',
        'projects/synthetic_humans/data/stray.jpg',
    ):
        (tree / stray).parent.mkdir(parents=True, exist_ok=True)
        (tree / stray).write_text('stray')
    return tree


@pytest.fixture(scope='session')
def wheel(source_tree, tmp_path_factory) -> Path:
    """What ``pip wheel .`` builds."""
    folder = tmp_path_factory.mktemp('wheel')
    succeed(*PIP, 'wheel', *OFFLINE, '-w', folder, source_tree)
    (found,) = folder.glob('*.whl')
    return found


@pytest.fixture(scope='session')
def installed(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel and, by a path, what is installed besides the plugin here.

    Only the environment's own folder is read for further paths, so that an editable installation
    of the plugin is not seen.
    """
    environment = Environment(tmp_path_factory.mktemp('environment'))
    others = environment.packages / 'others.pth'
    others.write_text('\n'.join({sysconfig.get_path(kind) for kind in ('purelib', 'platlib')}))
    succeed(*environment.pip, 'install', *OFFLINE, wheel)
    return environment
