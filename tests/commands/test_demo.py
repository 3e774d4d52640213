"""The demo page, as a command and in a real browser: nothing leaves the machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile

import cv2
import numpy as np
import pytest
import trimesh
from browser import chromium, fetched_elsewhere
from PIL import Image
from processes import free_port, heed_interrupts

pytest.importorskip('gradio', reason='needs the extra "demo": pip install gradio')

WATCH = """
import os, socket
known = socket.getaddrinfo
def told(host, *args, **kwargs):
    with open(os.environ['ASKED_HOSTS'], 'a') as file:
        file.write(f'{host}\\n')
    return known(host, *args, **kwargs)
socket.getaddrinfo = told
"""
"""Notes every host whose address a process asks for."""


@pytest.fixture(scope='module')
def page(config, checkpoint, workspace, tmp_path_factory):
    """Address of the page; afterwards Ctrl-C has ended it, and it has asked for no other host."""
    folder = tmp_path_factory.mktemp('demo')
    (folder / 'sitecustomize.py').write_text(WATCH)
    asked = folder / 'hosts'
    paths = os.pathsep.join([str(folder), os.environ.get('PYTHONPATH', '')])
    process = subprocess.Popen(
        [
            sys.executable,
            '-m',
            'mroi_plugin.cli',
            'demo',
            '--no-browser',
            '--port',
            str(free_port()),
            '--model',
            config,
            '--checkpoint',
            checkpoint,
            '--device',
            'cpu',
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=workspace,
        preexec_fn=heed_interrupts,
        env={**os.environ, 'PYTHONPATH': paths, 'ASKED_HOSTS': str(asked), 'TMPDIR': str(folder)},
    )
    line = next((line for line in process.stdout if 'the page is at' in line), None)
    if line is None:
        pytest.fail(process.stderr.read())
    yield re.search(r'http://\S+', line)[0]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and 'Traceback' not in rest + errors, errors
    hosts = set(asked.read_text().split()) if asked.exists() else set()
    assert hosts <= {'127.0.0.1', 'localhost', 'None'}
    assert not list(folder.glob('mroi_demo_*'))


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    """A real image with a person."""
    data = pytest.importorskip('skimage.data')
    path = tmp_path_factory.mktemp('image') / 'astronaut.jpg'
    Image.fromarray(data.astronaut()).save(path)
    return path


@pytest.fixture
def opened(page):
    with chromium() as browser:

        def at(width):
            view = browser.new_page(viewport={'width': width, 'height': 900})
            view.on('pageerror', lambda error: problems.append(str(error)))
            elsewhere.append(fetched_elsewhere(view))
            view.goto(page)
            view.get_by_text('Image or clip').first.wait_for(timeout=30_000)
            return view

        problems, elsewhere = [], []
        yield at
        assert not problems and not any(elsewhere)


def drop(view, path):
    view.locator('input[type=file]').first.set_input_files(str(path))


def downloads(view, folder):
    """What the links of the page give, by name."""
    found = {}
    for link in view.locator('a[download]').all():
        if link.is_visible():
            with view.expect_download() as event:
                link.click()
            found[event.value.suggested_filename] = folder / event.value.suggested_filename
            event.value.save_as(found[event.value.suggested_filename])
    return found


@pytest.mark.parametrize('width', [1280, 390])
def test_an_image(opened, street, tmp_path, width):
    view = opened(width)
    drop(view, street)
    view.get_by_text('1 person.').wait_for(timeout=60_000)
    picture = view.locator('img[src*="astronaut_overlay"]')
    picture.wait_for(timeout=10_000)
    view.locator('canvas').first.wait_for(timeout=20_000)
    view.wait_for_timeout(1500)
    assert picture.evaluate('e => e.naturalWidth') == 512
    assert view.evaluate('document.documentElement.scrollWidth') <= width
    boxes = [e.bounding_box() for e in view.locator('img, canvas, a').all() if e.is_visible()]
    assert all(box['x'] >= 0 and box['x'] + box['width'] <= width for box in boxes)
    canvas = view.locator('canvas').first.screenshot()
    assert np.ptp(cv2.imdecode(np.frombuffer(canvas, np.uint8), 1)) > 60  # the body is drawn
    found = downloads(view, tmp_path)
    assert {'astronaut_overlay.jpg', 'astronaut.glb', 'astronaut.json', 'astronaut.npz'} <= set(
        found
    )
    assert len(trimesh.load(found['astronaut.glb']).geometry) == 1
    drawn = cv2.imread(str(found['astronaut_overlay.jpg']))
    assert np.abs(drawn[..., ::-1].astype(int) - np.array(Image.open(street))).max() > 40


def test_a_clip(opened, street, tmp_path):
    path = tmp_path / 'clip.mp4'
    pixels = cv2.imread(str(street))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 5, (512, 512))
    for _ in range(3):
        writer.write(pixels)
    writer.release()
    view = opened(390)
    drop(view, path)
    view.get_by_text('1.0 people per frame in 3 frames').wait_for(timeout=60_000)
    video = view.locator('video').first
    video.wait_for(timeout=10_000)
    ready = 'v => new Promise(done => v.readyState > 1 ? done() : (v.oncanplay = v.onerror = done))'
    video.evaluate(ready)
    assert video.evaluate('v => [v.error, v.videoWidth, v.videoHeight]') == [None, 512, 512]
    assert view.evaluate('document.documentElement.scrollWidth') <= 390
    found = downloads(view, tmp_path)
    assert {'clip_overlay.mp4', 'clip.glb', 'results.zip'} <= set(found)
    names = zipfile.ZipFile(found['results.zip']).namelist()
    assert sorted(names) == ['clip.npz', *(f'clip_{i:06d}.json' for i in range(3))]


def test_what_is_no_image_is_told(opened, tmp_path):
    view = opened(390)
    (tmp_path / 'bad.jpg').write_text('no image')
    drop(view, tmp_path / 'bad.jpg')
    view.get_by_text('it cannot be read as an image').first.wait_for(timeout=30_000)
    Image.new('RGB', (64, 64)).save(tmp_path / 'black.png')
    view.reload()
    drop(view, tmp_path / 'black.png')
    view.get_by_text('No person was found.').wait_for(timeout=30_000)
