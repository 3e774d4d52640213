"""Tables fit 80 columns: names are shortened in the middle, numbers and units never."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mroi_plugin.analysis.ablation import tables as ablation
from mroi_plugin.analysis.comparison import tables as comparison
from mroi_plugin.apis.summary import Summary
from mroi_plugin.data_preparation.data_check.check import _content_table
from mroi_plugin.data_preparation.data_check.content import Content
from mroi_plugin.utils.terminal_tables import shortened

LONG = 'folder/of/images/' * 6 + 'the_image_with_the_longest_name.jpg'


def summary():
    found = Summary(instances=1, rows=[(LONG, 19, 0.912, '123.45', '1234.5', '0.99')])
    return found._table(), ['[m]', '[px]', '19', '0.91', '123.45', '1234.5', '0.99']


def compared():
    measured = {
        'mesh/mpjpe': 1123.4, 'mesh/pa_mpjpe': 1180.1, 'mesh/pve': 1140.2, 'parameters': 632.1e6,
        'gflops_per_person': 123.456, 'persons_per_s_batch_1': 1234.5,
        'persons_per_s_batch_32': 5678.9, 'peak_memory_mib': 123456,
    }  # fmt: skip
    told = ['1123.4', '1180.1', '1140.2', '632.10', '123.456', '1234.5', '5678.9', '123456']
    return comparison.as_table({LONG: measured}, 'errors'), ['[mm]', '[M]', '[MiB]', *told]


def ablated():
    runs = [{name: [value] for name in ('mpjpe', 'pa_mpjpe', 'pve')} for value in (1311.0, 1353.0)]
    table = ablation.as_table(ablation.summarize({LONG: runs}), 'rows')
    return table, ['[mm]', '1332.0 ± 29.7']


def checked():
    shares = dict.fromkeys(('2D', '3D', 'SMPL', 'camera', 'gender'), 1.0)
    content = Content('key', LONG, persons=1234567, shares=shares, misfit_px=1234.5)
    return _content_table([content]), ['1234567', '100%', '1234.5', '[px]']


@pytest.mark.parametrize('made', [summary, compared, ablated, checked], ids=lambda f: f.__name__)
def test_long_names_give_way(made):
    table, told = made()
    console = Console(width=80, record=True)
    console.print(table)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert [word for word in told if word not in text] == []
    (row,) = (line for line in text.splitlines() if '…' in line)  # the name alone, on one line
    assert row.startswith('folder') and '.jpg ' in row and row.count('…') == 1


def test_units_in_brackets_are_no_markup():
    console = Console(width=200, record=True)
    console.print(ablation.as_table(pd.DataFrame(), 'rows'))
    assert console.export_text().count('[mm]') == 3


@given(st.text(max_size=40), st.integers(3, 40))
def test_shortened(text, width):
    found = shortened(text, width)
    assert len(found) == min(len(text), width)
    if len(text) > width:
        head, _, tail = found.partition('…') if '…' not in text else (found, '', '')
        assert text.startswith(head) or '…' in text
        assert text.endswith(tail)
