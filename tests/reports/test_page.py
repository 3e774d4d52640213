"""The report: what it reads, what it shows, and how it looks in a browser."""

from __future__ import annotations

import json
import re
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
import trimesh

from mroi_plugin.cli import main
from mroi_plugin.reports.charts import bars, lines, number, table, ticks
from mroi_plugin.reports.runs import read_runs

CHROMIUM = next(
    filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None
)


LONG = 'a_run_whose_name_nobody_would_want_to_read_aloud_' * 2


def make_run(folder, seed, name=f'<b>&{LONG}run'):
    """A run as tools/test.py and training leave it."""
    rng = np.random.default_rng(seed)
    folder = folder / f'{name}_{seed}'
    (folder / 'pictures' / 'worst').mkdir(parents=True)
    metrics = {
        'config': 'configs/a.py', 'checkpoint': 'x.pth', 'mesh/mpjpe': 80.25 + seed,
        'mesh/pck': 0.875, 'mesh/frames': 40.0,
        'per_joint': {f'joint_{i}_extra': 50.0 + i + seed for i in range(14)},
        'per_action': {a: {'persons': 20, 'mpjpe': 70.0 + seed} for a in ('Eating', 'Walking')},
    }  # fmt: skip
    (folder / 'metrics.json').write_text(json.dumps(metrics))
    rows = {
        'sample_idx': range(40), 'mpjpe': rng.uniform(50, 100, 40), 'offset': rng.random(40),
        'image_path': [f'{"folder/" * 9}{i}.jpg' for i in range(40)], 'action': [None] * 40,
    }  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / 'per_sample.csv', index=False)
    logs = folder / '20260101_000000' / 'vis_data'
    logs.mkdir(parents=True)
    entries = [{'loss': 50 / step, 'step': step} for step in range(1, 30)]
    entries += [{'mesh/mpjpe': 100 - step, 'step': step} for step in range(1, 4)]
    (logs / 'scalars.json').write_text('\n'.join(map(json.dumps, entries)) + '\n{"loss": 3')
    for path in ('contact_sheet.jpg', 'worst/contact_sheet.jpg'):
        cv2.imwrite(str(folder / 'pictures' / path), rng.integers(0, 255, (300, 2400, 3)))
    scene = trimesh.Scene(trimesh.creation.icosphere())
    (folder / 'pictures' / 'meshes.glb').write_bytes(scene.export(file_type='glb'))
    return folder


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp('runs')
    runs = [str(make_run(root, seed)) for seed in range(2)]
    out = root / 'report.html'
    assert main(['report', *runs, '--out', str(out)]) == 0
    return out


def test_the_page_stands_alone_and_escapes(page):
    text = page.read_text()
    assert '<b>&' not in text and f'&lt;b&gt;&amp;{LONG}run_0' in text
    outside = re.sub(r'srcdoc="[^"]*"', '', text)
    assert not re.search(r'(?:src|href)="(?!data:)', outside) and 'http' not in outside
    assert text.count('<iframe') == 2 and text.count('<img') == 4
    for shown in ('80.2', '87.5', 'Eating (20)', 'joint 3', 'Worst persons', 'validation MPJPE'):
        assert shown in text, shown


def test_the_worst_persons_are_told(page):
    text = page.read_text()
    for seed in range(2):
        folder = next(page.parent.glob(f'*run_{seed}'))
        rows = pd.read_csv(folder / 'per_sample.csv').nlargest(8, 'mpjpe')
        body = text.split('largest MPJPE</caption>')[1 + seed].split('</table>')[0]
        assert re.findall(r'scope="row">(\d+)<', body) == [str(i) for i in rows['sample_idx']]
        assert re.findall(r'<td>([\d.]+)</td>', body) == [f'{e:.1f}' for e in rows['mpjpe']]
        assert 'action' not in body  # which no photo told


@pytest.mark.parametrize(
    ('low', 'high', 'beyond', 'expected'),
    [
        (0, 251.4, True, [0, 50, 100, 150, 200, 250, 300]),
        (2.07, 7.56, False, [3, 4, 5, 6, 7]),
        (0.0607, 0.381, False, [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]),
        (1, 3, False, [1, 1.5, 2, 2.5, 3]),
        (5, 5, False, [5]),
        (0, 1e-3, True, [0, 2e-4, 4e-4, 6e-4, 8e-4, 1e-3]),
    ],
)
def test_axes_bear_round_numbers(low, high, beyond, expected):
    assert ticks(low, high, beyond) == expected


@pytest.mark.parametrize('beyond', [False, True])
def test_axes_bear_some_numbers_and_not_many(beyond):
    rng = np.random.default_rng(0)
    for low, span in zip(rng.uniform(-10, 10, 500), 10 ** rng.uniform(-4, 6, 500)):
        found = ticks(low, low + span, beyond)
        assert 2 <= len(found) <= 9 and found[0] >= low - 1e-6
        assert (found[-1] >= low + span - 1e-6) if beyond else (found[-1] <= low + span + 1e-6)


def test_a_run_with_metrics_alone(tmp_path):
    folder = tmp_path / 'bare'
    folder.mkdir()
    (folder / 'metrics.json').write_text(json.dumps({'mesh/mpjpe': 90.0}))
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    text = (tmp_path / 'r.html').read_text()
    assert '90.0' in text and '<iframe' not in text and 'Training' not in text


def test_an_action_that_few_photos_tell(tmp_path):
    folder = make_run(tmp_path, 0, 'run')
    rows = pd.read_csv(folder / 'per_sample.csv')
    rows['action'] = ['Eating'] + [''] * 39
    rows.loc[0, 'mpjpe'] = 900
    rows.to_csv(folder / 'per_sample.csv', index=False)
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    text = (tmp_path / 'r.html').read_text().split('largest MPJPE</caption>')[1]
    assert '<td>Eating</td>' in text and '<td>–</td>' in text and 'nan' not in text.split('<img')[0]


@pytest.mark.parametrize(
    ('content', 'message'),
    [(None, 'python tools/test.py CONFIG'), ('{', 'test it again'), ('[1]', 'holds a list')],
)
def test_folders_that_are_no_runs(tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / 'metrics.json').write_text(content)
    with pytest.raises(SystemExit) as stop:
        main(['report', str(tmp_path), '--out', str(tmp_path / 'r.html')])
    assert stop.value.code == 2 and message in capsys.readouterr().err
    assert not (tmp_path / 'r.html').exists()


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


def test_charts_of_odd_values():
    assert number(None) == number(float('nan')) == '–'
    assert 'nan' not in bars({'a': [1.0, float('nan'), None], 'b': [0.0, 0.0, 0.0]}, 'xyz', 'mm')
    assert lines({'a': [(0, 1)]}, 'x', 'y', 'l') == '' == lines({}, 'x', 'y', 'l')
    assert 'points="0.00,' in lines({'a': [(0, 1), (1, float('nan')), (2, 3)]}, 'x', 'y', 'l')
    assert '&lt;i&gt;' in table(['<i>'], [['<i>']], '<i>') and '<i>' not in table(['<i>'], [], '')


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium here')
@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_in_a_browser(page, width, scheme):
    """Nothing is fetched, nothing fails, nothing sticks out, text is legible, bodies are drawn."""
    sync_api = pytest.importorskip('playwright.sync_api')
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader',
                  '--enable-unsafe-swiftshader'],
        )  # fmt: skip
        view = browser.new_page(viewport={'width': width, 'height': 900}, color_scheme=scheme)
        problems, fetched = [], []
        view.on('pageerror', lambda error: problems.append(str(error)))
        view.on('console', lambda m: problems.append(m.text) if m.type == 'error' else None)
        view.on('request', lambda request: fetched.append(request.url))
        view.goto(page.as_uri())
        assert view.evaluate('document.documentElement.scrollWidth') <= width
        paper, ink = view.evaluate(
            '(() => { const s = getComputedStyle(document.body);'
            ' return [s.backgroundColor, s.color]; })()'
        )
        level = [sum(map(int, re.findall(r'\d+', c)[:3])) / 3 for c in (paper, ink)]
        assert abs(level[0] - level[1]) > 150 and (level[0] > 128) == (scheme == 'light')
        inside = view.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, p, li, dt, dd, figure, .frame span')]"
            '.every(e => { const b = e.getBoundingClientRect();'
            ' return b.left >= 0 && b.right <= innerWidth; })'
        )
        assert inside
        tall = view.evaluate(
            "Math.max(...[...document.querySelectorAll('.frame span')].map(e => e.offsetHeight))"
        )
        assert 0 < tall <= 16  # labels of axes are single lines
        small = view.evaluate(
            "Math.min(...[...document.querySelectorAll('dt, b, th, td, span, p')]"
            '.map(e => parseFloat(getComputedStyle(e).fontSize)))'
        )
        assert small >= 12
        for frame in view.query_selector_all('iframe'):
            frame.scroll_into_view_if_needed()
            view.wait_for_timeout(1500)
            shot = cv2.imdecode(np.frombuffer(frame.screenshot(), np.uint8), cv2.IMREAD_COLOR)
            assert shot[20:-20, 20:-20].std() > 2
        browser.close()
    assert not problems and all(
        u.startswith(('file:', 'data:', 'blob:', 'about:')) for u in fetched
    )
