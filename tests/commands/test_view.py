"""The viewer, as a command and in a real browser."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
from browser import chromium, fetched_elsewhere
from processes import free_port, heed_interrupts

from mroi_plugin.cli import main
from mroi_plugin.structures.json_file import write_json
from mroi_plugin.structures.npz_file import write_npz
from mroi_plugin.visualization.scene import meshes_over_image

pytest.importorskip('viser', reason='needs the extra "viewer": pip install viser')


@pytest.fixture(scope='module')
def results(inferencer, people, tmp_path_factory):
    """A folder of results of two images, and these."""
    folder = tmp_path_factory.mktemp('results')
    boxes = {people.path(i): people.box(i)[None] for i in range(2)}
    found = list(inferencer(list(boxes), boxes))
    for i, result in enumerate(found):
        write_npz(result, folder / f'image{i}')
    return folder, found


@pytest.fixture
def viewing(tmp_path):
    """Starts the command; returns its process and address. Ctrl-C must end it."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'mroi_plugin.cli',
                'view',
                *map(str, arguments),
                '--no-browser',
                '--port',
                str(free_port()),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            preexec_fn=heed_interrupts,
        )
        started.append(process)
        for line in process.stdout:
            if address := re.match(r'\d+ people in \d+ images at (http://\S+) ', line):
                return process, address[1]
            assert not re.search(r'viser|http', line), line  # its own box of addresses
        pytest.fail(process.stderr.read())

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
        assert process.returncode == 0 and 'Traceback' not in rest + errors, errors


def opened(browser, address):
    view = browser.new_page(viewport={'width': 1280, 'height': 800})
    elsewhere, problems = fetched_elsewhere(view), []
    view.on('pageerror', lambda error: problems.append(str(error)))
    view.goto(address)
    view.get_by_role('button', name='From the camera').wait_for(timeout=30_000)
    return view, elsewhere, problems


def pixels(view):
    """The page (800, 1280, 3) when nothing moves any more."""
    before = None
    for _ in range(40):
        view.wait_for_timeout(300)
        data = view.screenshot()
        if data == before:
            break
        before = data
    return cv2.imdecode(np.frombuffer(data, np.uint8), 1)[..., ::-1]


def colored(picture):
    """Pixels of the scene that are not paper, left of the controls."""
    return np.ptp(picture[180:, :900].astype(int), axis=2) > 25


def test_a_folder_of_results_in_a_browser(viewing, results):
    folder, found = results
    _, address = viewing(folder)
    with chromium() as browser:
        view, elsewhere, problems = opened(browser, address)
        whole = colored(pixels(view)).sum()
        view.get_by_label('Image', exact=True).uncheck()
        without_image = colored(pixels(view)).sum()
        view.get_by_label('RoIs of', exact=True).click()
        view.get_by_role('option', name='nobody').click()
        bodies = colored(pixels(view)).sum()
        assert whole > 500 + without_image and without_image > 500 + bodies > 1000
        view.get_by_role('button', name='From the camera').click()
        mask = colored(pixels(view))
        _same_place(mask, found[0])
        view.get_by_label('Bodies', exact=True).uncheck()
        assert colored(pixels(view)).sum() < 0.02 * mask.sum()
        assert f'Person 0: {found[0].instances[0].trans[2]:.2f} m' in view.inner_text('body')
        _second_frame(view, found)
        view.close()
    assert not elsewhere and not problems


def _same_place(mask, result):
    """A body is drawn where the image's camera projects it, as in an overlay."""
    height = result.size[1]
    paper = np.full((height, result.size[0], 3), 255, np.uint8)
    drawn = meshes_over_image(paper, result.instances, result.faces, [(1, 0, 0)], 1.0) != paper
    scale = 800 / height
    wide = np.zeros((800, 1280), np.uint8)
    body = cv2.resize(drawn.any(2).astype(np.uint8), None, fx=scale, fy=scale)[:800, :1280]
    center = result.instances[0].principal_point
    left = round(640 - (center[0] + 0.5) * scale)
    top = round(400 - (center[1] + 0.5) * scale)
    move = np.array([[1, 0, left], [0, 1, top]], np.float64)
    wide = cv2.warpAffine(body, move, (1280, 800))[180:, :900] > 0
    overlap = (wide & mask).sum() / (wide | mask).sum()
    assert overlap > 0.85, overlap


def _second_frame(view, found):
    view.locator('input[type=text]').first.fill('1')
    view.locator('input[type=text]').first.press('Enter')
    view.get_by_text(f'{found[1].instances[0].trans[2]:.2f} m').wait_for(timeout=10_000)
    view.get_by_label('Play', exact=True).check()  # and round again
    view.get_by_text(f'{found[0].instances[0].trans[2]:.2f} m').wait_for(timeout=10_000)


def test_an_image_is_inferred_first(viewing, config, checkpoint, people, in_workspace):
    name = people.path(0)
    options = ('--model', config, '--checkpoint', checkpoint, '--device', 'cpu')
    _, address = viewing(name, *options)
    with chromium() as browser:
        view, elsewhere, problems = opened(browser, address)
        assert np.ptp(pixels(view)[:, :900].astype(int), axis=2).max() > 25
        assert view.get_by_label('Play', exact=True).count() == 0  # one image has no timeline
        view.close()
    assert not elsewhere and not problems


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (
            'a.json',
            'a.json holds results without meshes; view those of: mroi infer INPUT --save npz',
        ),
        ('.', 'holds results without meshes'),
        ('missing.npz', 'missing.npz'),
        ('missing.jpg', 'nothing to show'),
    ],
)
def test_what_cannot_be_viewed(
    results, config, checkpoint, tmp_path, monkeypatch, capsys, name, message
):
    write_json(results[1][0], tmp_path / 'a')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(['view', name, '--no-browser', '--model', config, '--checkpoint', checkpoint])
    assert stop.value.code == 2 and message in capsys.readouterr().err
