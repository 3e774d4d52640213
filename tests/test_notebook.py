"""The notebook runs from its first cell to its last, and shows and writes what it says."""

from __future__ import annotations

import ast
import json

import numpy as np
import pandas as pd
import pytest
import trimesh
from locations import ROOT
from PIL import Image

NOTEBOOK = json.loads((ROOT / 'docs' / 'quickstart.ipynb').read_text(encoding='utf-8'))


def run_cell(source, names):
    """Run a cell; returns the value of its last line, as a notebook shows it."""
    tree = ast.parse(source)
    shown = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, 'cell', 'exec'), names)
    if shown is not None:
        return eval(compile(ast.Expression(shown.value), 'cell', 'eval'), names)
    return None


def test_it_runs(config, checkpoint, in_workspace, tmp_path, monkeypatch, capsys):
    """Of the cells, the first alone is changed: weights that were never trained."""
    pytest.importorskip('skimage.data')
    monkeypatch.chdir(tmp_path)
    cells = [''.join(cell['source']) for cell in NOTEBOOK['cells'] if cell['cell_type'] == 'code']
    names: dict[str, object] = {}
    shown = [run_cell(cells[0], names)]
    names.update(config=config, checkpoint=checkpoint)
    shown += [run_cell(cell, names) for cell in cells[1:]]
    assert '1 found, with 5 RoIs' in capsys.readouterr().out
    overlay, row = (value for value in shown if isinstance(value, Image.Image))
    assert overlay.size == (512, 512) and row.size[0] > 1900
    assert np.abs(np.asarray(overlay).astype(int) - names['image']).max() > 40
    (numbers,) = (value for value in shown if isinstance(value, pd.Series))
    (joints,) = (value for value in shown if isinstance(value, pd.DataFrame))
    assert numbers.notna().all() and len(joints) == 24 and joints.index.is_unique
    assert len(trimesh.load(tmp_path / 'people.glb').geometry) == 1


def test_it_is_a_notebook():
    assert NOTEBOOK['nbformat'] == 4 and NOTEBOOK['metadata']['kernelspec']['name'] == 'python3'
    assert len({cell['id'] for cell in NOTEBOOK['cells']}) == len(NOTEBOOK['cells'])
