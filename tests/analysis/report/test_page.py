"""The report: what it reads, and what it shows."""

from __future__ import annotations

import base64
import json
import math
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from fresh import run_python
from report_runs import LONG, make_run

from mroi_plugin.analysis.report.charts import bars, lines
from mroi_plugin.analysis.report.page import cell
from mroi_plugin.analysis.report.runs import read_runs
from mroi_plugin.cli import main
from mroi_plugin.evaluation.functional.summaries import summarize


def text_of(path):
    """The page without plotly.js, which is no text of ours."""
    text = path.read_text(encoding='utf-8')
    start = text.find('<script id="plotly">')
    return text if start < 0 else text[:start] + text[text.index('</script>', start) :]


def test_the_page_stands_alone_and_escapes(page):
    assert page.read_text().count('<script id="plotly">') == 1
    text = text_of(page)
    assert '<b>&' not in text and f'&lt;b&gt;&amp;{LONG}run_0' in text
    assert '</script><i>' not in text and '&lt;/script&gt;&lt;i&gt;&#34;A&#34;' in text
    outside = re.sub(r'srcdoc="[^"]*"', '', text)
    assert not re.search(r'(?:src|href)="(?!data:)', outside) and 'http' not in outside
    assert text.count('<iframe') == 2 and text.count('<img') == 4
    for shown in ('80.2', '87.5', 'Eating (20)', 'joint 3', 'Worst persons', 'validation MPJPE'):
        assert shown in text, shown


def test_the_numbers_of_charts_are_told(page):
    tables = text_of(page).split('<details>')[1:]
    assert len(tables) == 2
    rows = re.findall(r'"row">([^<]+)</th><td>([\d.]+)</td><td>([\d.]+)</td>', tables[0])
    assert rows == [(f'joint {i}', f'{50 + i:.1f}', f'{51 + i:.1f}') for i in range(14)]
    assert re.search(r'Eating \(20\)</th><td>70.0</td><td>71.0</td>', tables[1])
    assert ' from 50 to 1.724' in text_of(page)  # the training loss


def test_groups_as_a_test_writes_them(tmp_path):
    table = pd.DataFrame(
        {'mpjpe': [80.0, 90.0, 130.0], 'action': ['Eating', 'Eating', 'Walking'], 'num_rois': 5}
    )
    (tmp_path / 'metrics.json').write_text(json.dumps(summarize(table)))
    assert main(['report', str(tmp_path), '--out', str(tmp_path / 'r.html')]) == 0
    text = text_of(tmp_path / 'r.html')
    assert 'Eating (2)</th><td>85.0<' in text and 'Walking (1)</th><td>130.0<' in text
    assert 'number of RoIs' not in text  # one group alone


def test_the_command_is_light():
    loaded = run_python('-c', 'import sys, mroi_plugin.commands.report; print(*sys.modules)')
    assert not {'plotly', 'pandas', 'jinja2'} & set(loaded.split())


def test_the_worst_persons_are_told(page):
    text = text_of(page)
    for seed in range(2):
        folder = next(page.parent.glob(f'*run_{seed}'))
        rows = pd.read_csv(folder / 'per_sample.csv').nlargest(8, 'mpjpe')
        body = text.split('largest MPJPE</span></caption>')[1 + seed].split('</table>')[0]
        assert re.findall(r'scope="row">(\d+)<', body) == [str(i) for i in rows['sample_idx']]
        assert re.findall(r'<td>([\d.]+)</td>', body) == [f'{e:.1f}' for e in rows['mpjpe']]
        assert 'action' not in body  # which no image told


def test_a_run_with_metrics_alone(tmp_path):
    folder = tmp_path / 'bare'
    folder.mkdir()
    (folder / 'metrics.json').write_text(json.dumps({'mesh/mpjpe': 90.0}))
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    text = text_of(tmp_path / 'r.html')
    assert '90.0' in text and '<iframe' not in text and 'Training' not in text


def test_an_action_that_few_images_tell(tmp_path):
    folder = make_run(tmp_path, 0, 'run')
    rows = pd.read_csv(folder / 'per_sample.csv')
    rows['action'] = ['Eating'] + [''] * 39
    rows.loc[0, 'mpjpe'] = 900
    rows.to_csv(folder / 'per_sample.csv', index=False)
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    text = text_of(tmp_path / 'r.html').split('largest MPJPE</span></caption>')[1]
    assert '<td>Eating</td>' in text and '<td>–</td>' in text and 'nan' not in text.split('<img')[0]


def make_training(folder):
    """A run as training alone leaves it, with pictures of two persons after nine epochs."""
    logs = folder / '20260101_000000' / 'vis_data'
    (logs / 'vis_image').mkdir(parents=True)
    entries = [{'loss': 50 / step, 'lr': step * 1e-4, 'step': step} for step in range(1, 30)]
    (logs / 'scalars.json').write_text('\n'.join(map(json.dumps, entries)) + '\n')
    for epoch in range(1, 10):
        for person in (0, 5):
            path = logs / 'vis_image' / f'prediction_test_{person}_{epoch}.png'
            cv2.imwrite(str(path), np.full((30, 90, 3), 20 * epoch, np.uint8))
    return folder


def test_a_training_without_a_test(tmp_path):
    folder = make_training(tmp_path / 'run')
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    text = text_of(tmp_path / 'r.html')
    assert 'run: a training that was not tested' in text and '<h2>Errors' not in text
    assert 'training loss against iteration: run from 50 to 1.724' in text
    assert 'learning rate against iteration: run from 0.0001 to 0.0029' in text
    shown = re.findall(r'<img alt="epoch (\d+):', text)
    assert shown == [e for e in ('1', '2', '4', '5', '7', '9') for _ in range(2)]
    assert len(set(re.findall(r'src="(data:image/jpeg[^"]+)"', text))) == 6


def test_a_training_beside_a_test(tmp_path, capsys):
    runs = [str(make_training(tmp_path / 'run')), str(make_run(tmp_path, 0, 'tested'))]
    assert main(['report', *runs, '--out', str(tmp_path / 'r.html')]) == 0
    told = capsys.readouterr().err
    assert told.startswith('warning: ') and 'cut' in told and told.count('\n') == 1
    text = text_of(tmp_path / 'r.html')
    errors = text.split('Means over all persons</span>')[1].split('</table>')[0]
    assert re.findall(r'scope="row">(\w+)<', errors) == ['tested_0']


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'mroi test CONFIG CHECKPOINT'),
        ('{', 'test it again'),
        ('[1]', 'holds a list'),
        ('[' * 100_000 + ']' * 100_000, 'maximum recursion depth'),
        ('{"mesh/mpjpe": "90"}', 'mesh/mpjpe is a str, expected a number'),
        ('{"per_joint": [1]}', 'per_joint is a list, expected an object'),
        ('{"per_action": {"Eating": 3}}', 'per_action.Eating is a int, expected an object'),
        (
            '{"per_depth_m": {"0-3": {"mpjpe": {}}}}',
            'per_depth_m.0-3.mpjpe is a dict, expected a number',
        ),
    ],
)
def test_folders_that_are_no_runs(tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / 'metrics.json').write_text(content)
    with pytest.raises(SystemExit) as stop:
        main(['report', str(tmp_path), '--out', str(tmp_path / 'r.html')])
    assert stop.value.code == 2 and message in capsys.readouterr().err
    assert not (tmp_path / 'r.html').exists()


def test_columns_of_another_kind(tmp_path, capsys):
    (tmp_path / 'metrics.json').write_text('{}')
    (tmp_path / 'per_sample.csv').write_text('sample_idx,mpjpe\n0,large\n')
    with pytest.raises(SystemExit):
        main(['report', str(tmp_path), '--out', str(tmp_path / 'r.html')])
    assert 'per_sample.csv: column mpjpe holds something else' in capsys.readouterr().err


def test_last_lines_that_are_cut_off_are_skipped_and_named(tmp_path):
    folder = make_run(tmp_path, 0)
    rows = len(pd.read_csv(folder / 'per_sample.csv'))
    (log,) = folder.glob('*/vis_data/scalars.json')
    for path in (folder / 'per_sample.csv', log):
        path.write_text(path.read_text().rstrip()[:-3])
    with pytest.warns(UserWarning, match='cut') as told:
        (run,) = read_runs([str(folder)])
    assert len(run.table) == rows - 1
    said = ' '.join(str(warning.message) for warning in told)
    assert 'per_sample.csv: its last line is cut off' in said and f'{log}, line' in said


def test_runs_of_one_name_are_told_apart(tmp_path):
    folders = []
    for parent in ('a', 'b'):
        folders.append(tmp_path / parent / 'run')
        folders[-1].mkdir(parents=True)
        (folders[-1] / 'metrics.json').write_text('{}')
    assert [run.name for run in read_runs([str(f) for f in folders])] == ['a/run', 'b/run']


def test_a_log_that_was_cut_off_and_gone_on_with(tmp_path):
    folder = make_run(tmp_path, 0)
    later = folder / '20260102_000000' / 'vis_data'
    later.mkdir(parents=True)
    (later / 'scalars.json').write_text('{"loss": 7.5, "step": 29}\n')
    (run,) = read_runs([str(folder)])
    assert run.losses[0] == (1, 50) and run.losses[-1] == (29, 7.5) and len(run.losses) == 29
    assert run.errors == [(1, 99), (2, 98), (3, 97)]


def numbers_of(values):
    """What plotly.js reads of a trace's values, a list or an array in base64."""
    if isinstance(values, list):
        return values
    return np.frombuffer(base64.b64decode(values['bdata']), values['dtype']).tolist()


def test_charts_of_odd_values():
    assert cell(None) == cell(float('nan')) == cell(pd.NA) == '–' and cell(3) == '3'
    odd = pd.DataFrame({'x': [1.0, 0.0], 'y': [math.nan, 0.0], 'z': [math.inf, 0.0]}, ['a', 'b'])
    (chart,) = bars(odd, 'mm')
    json.dumps(chart.figure, allow_nan=False)
    found = [numbers_of(trace['x']) for trace in chart.figure['data']]
    assert str(found) == '[[1.0, 0.0], [nan, 0.0], [nan, 0.0]]'
    assert bars(odd[:0], 'mm') == [] == bars(odd.loc[:'a', ['y', 'z']], 'mm')
    assert bars(odd[1:], 'mm')[0].figure['layout']['xaxis']['range'] == [0, 1]
    assert lines({'a': [(0, 1)]}, 'x', 'y') == [] == lines({}, 'x', 'y')
    (chart,) = lines({'a': [(0, 1), (1, math.nan), (2, 3)], 'b': [], 'c': [(0, 5)]}, 'x', 'y')
    assert [trace['x'] for trace in chart.figure['data']] == [[0, 2], [], [0]]
    assert [trace['y'] for trace in chart.figure['data']] == [[1, 3], [], [5]]
    assert chart.label == 'y against x: a from 1 to 3; c from 5 to 5'
