"""How the report looks in a browser."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from browser import chromium
from report_runs import ACTION, make_run

from mroi_plugin.cli import main


@pytest.fixture(scope='module')
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def open_page(browser):
    """Opens a page in a window; afterwards nothing was fetched, nothing failed."""
    views, problems, fetched = [], [], []

    def opened(path, width=1280, scheme='light'):
        view = browser.new_page(viewport={'width': width, 'height': 900}, color_scheme=scheme)
        views.append(view)
        view.on('pageerror', lambda error: problems.append(str(error)))
        view.on('console', lambda m: problems.append(m.text) if m.type == 'error' else None)
        view.on('dialog', lambda dialog: problems.append(dialog.message))
        view.on('request', lambda request: fetched.append(request.url))
        view.goto(path.as_uri())
        return view

    yield opened
    for view in views:
        view.close()
    assert not problems
    assert all(url.startswith(('file:', 'data:', 'blob:', 'about:')) for url in fetched)


def level(color):
    """Mean of the channels of a color of CSS."""
    return sum(map(float, re.findall(r'[\d.]+', color)[:3])) / 3


def style_of(view, selector, name):
    """A property of the first element."""
    return view.eval_on_selector(selector, f'e => getComputedStyle(e).{name}')


def boxes(view, selector):
    """Text and (left, top, right, bottom) of elements."""
    return view.evaluate(
        """selector => [...document.querySelectorAll(selector)].map(e => {
            const b = e.getBoundingClientRect();
            return [e.textContent, b.left, b.top, b.right, b.bottom];
        })""",
        selector,
    )


@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_in_a_browser(open_page, page, width, scheme):
    """Nothing sticks out, text is legible, bodies are drawn."""
    view = open_page(page, width, scheme)
    assert view.evaluate('document.documentElement.scrollWidth') <= width
    paper, ink = (style_of(view, 'body', name) for name in ('backgroundColor', 'color'))
    assert (level(paper) > 128) == (scheme == 'light')
    for color in (ink, style_of(view, '.xtick text', 'fill'), style_of(view, '.bartext', 'fill')):
        assert abs(level(paper) - level(color)) > 150
    for text, left, _, right, _ in boxes(view, 'h1, h2, h3, p, li, summary, figure, .chart text'):
        assert left >= 0 and right <= width, text
    small = view.evaluate(
        "Math.min(...[...document.querySelectorAll('th, td, span, p, li, summary, .chart text')]"
        '.map(e => parseFloat(getComputedStyle(e).fontSize)))'
    )
    assert small >= 12
    for frame in view.query_selector_all('iframe'):
        frame.scroll_into_view_if_needed()
        view.wait_for_timeout(1500)
        shot = cv2.imdecode(np.frombuffer(frame.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        assert shot[20:-20, 20:-20].std() > 2


@pytest.mark.parametrize('width', [1280, 390])
def test_charts_in_a_browser(open_page, page, width):
    """All charts are drawn, no text is cut off or lies on another, and bars bear numbers."""
    view = open_page(page, width)
    charts = view.query_selector_all('.chart')
    assert len(charts) == 5  # joints, actions, one place, two of the training
    for i, chart in enumerate(charts):
        frame = chart.bounding_box()
        chart.evaluate(f'e => e.id = "chart{i}"')
        texts = boxes(view, f'#chart{i} text')
        assert texts
        for text, left, top, right, bottom in texts:
            assert frame['x'] <= left and right <= frame['x'] + frame['width'], text
            assert frame['y'] <= top and bottom <= frame['y'] + frame['height'], text
            assert bottom - top <= 17 or ACTION[:9] in text  # labels of axes are single lines
        for j, (text, left, top, right, bottom) in enumerate(texts):
            for other in texts[:j]:
                apart = right <= other[1] or left >= other[3] or bottom <= other[2] + 1
                assert apart or top >= other[4] - 1, (text, other[0])
    assert [text for text, *_ in boxes(view, '#chart0 .bartext')] == [
        f'{50 + i + run:.1f}' for run in range(2) for i in range(14)
    ]
    labels = sorted(boxes(view, '#chart1 .ytick'), key=lambda box: box[2])
    assert labels[0][0] == 'Eating (20)'
    assert labels[1][0].replace(' ', '') == f'{ACTION}(20)'.replace(' ', '')


def test_colors_of_charts_are_those_of_the_legend(open_page, page):
    view = open_page(page)
    seen = []
    for scheme in ('light', 'dark'):
        view.emulate_media(color_scheme=scheme)
        view.wait_for_timeout(500)
        for i in range(2):
            legend = style_of(view, f'.legend li:nth-child({i + 1}) i', 'backgroundColor')
            assert style_of(view, f'.barlayer .trace:nth-child({i + 1}) path', 'fill') == legend
            lines = f'.scatterlayer .trace:nth-child({i + 1}) .js-line'
            assert style_of(view, lines, 'stroke') == legend
            seen.append(legend)
        ink, paper = (
            style_of(view, '.xtick text', 'fill'),
            style_of(view, 'body', 'backgroundColor'),
        )
        assert abs(level(ink) - level(paper)) > 150
    assert len(set(seen)) == 4


@pytest.mark.parametrize('loss', [3e-4, 1.0, 251.4, 9e5])
def test_axes_bear_some_round_numbers(open_page, tmp_path, loss):
    folder = make_run(tmp_path, 0, 'run', loss)
    assert main(['report', str(folder), '--out', str(tmp_path / 'r.html')]) == 0
    view = open_page(tmp_path / 'r.html', 390)
    found = view.evaluate(
        """() => [...document.querySelectorAll('.plot:not(.wide) .chart')].map(chart =>
            ['.xtick', '.ytick'].map(axis =>
                [...chart.querySelectorAll(axis)].map(e => Number(e.textContent))))"""
    )
    assert len(found) == 3
    for x_ticks, y_ticks in found:
        assert y_ticks[0] == 0
        for ticks in (x_ticks, y_ticks):
            steps = np.diff(ticks)
            assert 2 <= len(ticks) <= 10 and np.allclose(steps, steps[0]) and steps[0] > 0
            assert f'{steps[0]:.3e}'[:5] in ('1.000', '2.000', '5.000')
    assert found[2][0] == [1, 2, 3]  # epochs
    assert loss / 3 < max(found[1][1]) <= 1.2 * loss


def test_the_page_is_accessible(open_page, page):
    """What is seen is told: images, charts, frames, tables, and what is scrolled with keys."""
    view = open_page(page)
    for selector, told in {
        'img': 'e.alt', '.chart': "e.getAttribute('aria-label')", 'iframe': 'e.title',
        'table': 'e.caption.textContent', '[tabindex]': "e.getAttribute('aria-label')",
        'html': 'e.lang', 'title': 'e.textContent',
    }.items():  # fmt: skip
        found = view.eval_on_selector_all(selector, f'all => all.map(e => {told})')
        assert found and all(found), selector
    levels = view.eval_on_selector_all('h1, h2, h3', 'all => all.map(e => +e.tagName[1])')
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
