"""A real browser for tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None
)
OWN = ('http://localhost:', 'http://127.0.0.1:', 'ws://localhost:', 'ws://127.0.0.1:')


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium without a window, with WebGL on the CPU; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip('no Chromium here')
    sync_api = pytest.importorskip('playwright.sync_api')
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader',
                  '--enable-unsafe-swiftshader'],
        )  # fmt: skip
        yield browser
        browser.close()


def fetched_elsewhere(view: Any) -> list[str]:
    """A list that grows with every address of another host that a page asks for."""
    found: list[str] = []

    def note(request: Any) -> None:
        if not request.url.startswith((*OWN, 'data:', 'blob:', 'about:')):
            found.append(request.url)

    view.on('request', note)
    return found
