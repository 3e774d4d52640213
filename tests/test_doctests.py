"""The examples in docstrings run and give what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest
from locations import ROOT

PACKAGE = ROOT / 'mroi_plugin'
MODULES = sorted(
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for path in PACKAGE.rglob('*.py')
    if '>>> ' in path.read_text(encoding='utf-8')
)
LOSSES = sorted(
    path.stem
    for path in (PACKAGE / 'models' / 'losses').glob('*.py')
    if path.stem not in ('__init__', 'masked', 'pelvis')
)


@pytest.mark.parametrize('module', MODULES)
def test_examples_hold(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried and not failed


@pytest.mark.parametrize('name', LOSSES)
def test_every_loss_has_an_example(name):
    assert f'mroi_plugin.models.losses.{name}' in MODULES
