"""The comparison as files."""

from __future__ import annotations

import json

import pandas as pd

from mroi_plugin.analysis.comparison.tables import COLUMNS, as_markdown, write_tables

ROW = {
    'config': 'a.py',
    'mesh/mpjpe': 211.44,
    'mesh/pa_mpjpe': 114.2,
    'parameters': 4_433_341,
    'gflops_per_person': 0.1234,
    'persons_per_s_batch_1': 99.9,
    'persons_per_s_batch_32': 555.5,
    'peak_memory_mib': 800.2,
}


def test_three_files_hold_every_method(tmp_path):
    write_tables({'a': ROW, 'b': {**ROW, 'mesh/pve': 1.0}}, tmp_path / 'out', {'device': 'cpu'})
    stored = json.loads((tmp_path / 'out' / 'comparison.json').read_text())
    assert stored['facts'] == {'device': 'cpu'} and stored['methods']['a'] == ROW
    frame = pd.read_csv(tmp_path / 'out' / 'comparison.csv', index_col='method')
    assert frame.loc['b', 'mesh/pve'] == 1.0 and frame.loc['a', 'parameters'] == 4_433_341
    assert not list((tmp_path / 'out').glob('*.part'))


def test_markdown_has_a_column_for_everything():
    header, rule, row = as_markdown({'a': ROW}).splitlines()
    assert header.count('|') == rule.count('|') == row.count('|') == len(COLUMNS) + 2
    assert row == '| a | 211.4 | 114.2 | - | 4.43 | 0.123 | 99.9 | 555.5 | 800 |'


def test_what_has_no_network_has_errors_alone():
    row = as_markdown({'mean body': {'mesh/mpjpe': 300.0}}).splitlines()[-1]
    assert row == '| mean body | 300.0 | - | - | - | - | - | - | - |'
