"""Runs of ``mroi infer`` that are stopped, and go on."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from processes import heed_interrupts

from mroi_plugin.apis.run_record import RECORD
from mroi_plugin.apis.videos import iterate_frames
from mroi_plugin.cli import main
from mroi_plugin.utils.config_files import config_name

CLI = 'mroi_plugin.cli'
FRAMES = 100
"""More than are begun, in batches that wait for each other, when the tenth is drawn."""


SIZE = (320, 240)


def write_clip(path, frames):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, SIZE)
    for frame in frames:
        writer.write(frame)
    writer.release()


@pytest.fixture
def run(config, checkpoint, people, tmp_path, in_workspace):
    """``mroi infer`` on inputs in ``tmp_path`` with boxes of all of them."""
    pixels = cv2.imread(people.path(0))
    rows = []
    for name in ('a', 'b', 'c'):
        shutil.copy(people.path(0), tmp_path / f'{name}.jpg')
        rows.append({'image_id': f'{name}.jpg', 'bbox': people.box(0).tolist()})
    write_clip(tmp_path / 'clip.avi', [cv2.resize(pixels, SIZE)] * FRAMES)
    rows.append({'image_id': 'clip.avi', 'bbox': [100, 20, 90, 190]})
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))

    def command(*arguments, save='json'):
        options = ['--device', 'cpu', '--out', tmp_path / 'out', '--boxes', tmp_path / 'boxes.json']
        options += ['--model', config, '--checkpoint', checkpoint, '--save', save]
        names = [
            tmp_path / name if '.' in name and '//' not in name else name for name in arguments
        ]
        return ['infer', *map(str, [*names, *options])]

    def start(*arguments, save='json'):
        return main(command(*arguments, save=save))

    start.command = lambda *names, **how: [sys.executable, '-m', CLI, *command(*names, **how)]
    return start


def times(tmp_path):
    return {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'out').glob('*.*')
            if path.name != RECORD}  # fmt: skip


def test_what_is_done_is_left_out(run, tmp_path, capsys):
    assert run('a.jpg', 'b.jpg') == 0
    before = times(tmp_path)
    assert run('a.jpg', 'b.jpg', 'c.jpg', '--resume') == 0
    told = capsys.readouterr().out
    assert '2 images and videos were done before' in told and '1 persons in 1 images' in told
    after = times(tmp_path)
    assert set(after) == {'a.json', 'b.json', 'c.json'}
    assert all(after[name] == before[name] for name in before)
    assert run('a.jpg', 'b.jpg', 'c.jpg', '--resume') == 0  # nothing is left to do
    assert times(tmp_path) == after


def test_what_has_changed_or_failed_is_done_again(run, tmp_path, capsys):
    (tmp_path / 'c.jpg').write_text('no image')
    assert run('a.jpg', 'b.jpg', 'c.jpg') == 1
    before = times(tmp_path)
    shutil.copy(tmp_path / 'a.jpg', tmp_path / 'c.jpg')
    os.utime(tmp_path / 'b.jpg', (1, 1))
    assert run('a.jpg', 'b.jpg', 'c.jpg', '--resume') == 0
    after = times(tmp_path)
    assert set(after) == {'a.json', 'b.json', 'c.json'}
    assert after['a.json'] == before['a.json'] and after['b.json'] > before['b.json']


def test_other_options_are_refused(run, capsys):
    assert run('a.jpg') == 0
    with pytest.raises(SystemExit) as stop:
        run('a.jpg', '--resume', save='npz')
    assert stop.value.code == 2
    assert 'was made with save=json, now save=npz' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run('a.jpg', '--resume', save='coco')
    assert 'leave coco out' in capsys.readouterr().err


def test_a_run_with_results_of_the_whole_goes_on_without_them(run, tmp_path):
    assert run('a.jpg', save='json,coco') == 0
    before = times(tmp_path)
    assert run('a.jpg', 'b.jpg', '--resume', save='json') == 0
    after = times(tmp_path)
    assert after['a.json'] == before['a.json'] and 'b.json' in after


def test_other_weights_or_boxes_are_other_options(run, tmp_path, capsys):
    assert run('a.jpg') == 0
    os.utime(tmp_path / 'boxes.json', (1, 1))
    with pytest.raises(SystemExit):
        run('a.jpg', '--resume')
    assert 'was made with boxes=[' in capsys.readouterr().err


def test_weights_trained_here_are_taken_and_named(
    config, checkpoint, people, tmp_path, monkeypatch, capsys
):
    """Other ones, from a training since, are other options."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(people.path(0), 'a.jpg')
    rows = [{'image_id': 'a.jpg', 'bbox': people.box(0).tolist()}]
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    folder = Path('work_dirs') / config_name(config)
    folder.mkdir(parents=True)
    command = ['infer', 'a.jpg', '--model', config, '--boxes', 'boxes.json', '--save', 'json']
    with pytest.raises(SystemExit, match='2'):
        main([*command, '--device', 'cpu'])
    assert 'no trained weights' in capsys.readouterr().err
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        shutil.copy(checkpoint, folder / name)
    (folder / 'last_checkpoint').write_text('/where/it/was/epoch_1.pth')
    assert main([*command, '--device', 'cpu']) == 0
    assert f'weights: {folder / "epoch_1.pth"}\n' in capsys.readouterr().err
    assert (tmp_path / 'results' / 'a.json').is_file()
    (folder / 'last_checkpoint').write_text('/where/it/was/epoch_2.pth')
    with pytest.raises(SystemExit, match='2'):
        main([*command, '--device', 'cpu', '--resume'])
    assert 'was made with checkpoint=' in capsys.readouterr().err


def test_what_had_a_problem_is_told_again(run, tmp_path, capsys):
    rows = json.loads((tmp_path / 'boxes.json').read_text())
    rows.append({'image_id': 'a.jpg', 'bbox': [5, 5, 0, 9]})
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    for options in ((), ('--resume',)):
        assert run('a.jpg', 'b.jpg', *options) == 1
        assert 'a.jpg: box 1' in capsys.readouterr().out


def test_a_line_that_was_cut_off_is_no_harm(run, tmp_path):
    assert run('a.jpg', 'b.jpg') == 0
    record = tmp_path / 'out' / RECORD
    record.write_text(record.read_text()[:-9])
    before = times(tmp_path)
    assert run('a.jpg', 'b.jpg', '--resume') == 0
    after = times(tmp_path)
    assert after['a.json'] == before['a.json'] and after['b.json'] > before['b.json']
    assert run('a.jpg', 'b.jpg', '--resume') == 0 and times(tmp_path) == after


def test_ctrl_c_leaves_whole_files_and_the_rest_for_later(run, tmp_path, capsys, monkeypatch):
    """The signal comes while the tenth frame is drawn."""
    from mroi_plugin.apis import saving

    draw, drawn = saving.meshes_over_image, []

    def interrupted(*arguments):
        drawn.append(1)
        if len(drawn) == 10:
            os.kill(os.getpid(), signal.SIGINT)
        return draw(*arguments)

    monkeypatch.setattr(saving, 'meshes_over_image', interrupted)
    handler = signal.getsignal(signal.SIGINT)
    assert run('a.jpg', 'clip.avi', 'b.jpg', save='json,npz,overlay') == 130
    assert signal.getsignal(signal.SIGINT) is handler
    told = capsys.readouterr()
    assert 'finishing what is begun' in told.err and 'persons in' in told.out
    frames = list(iterate_frames(str(tmp_path / 'out' / 'clip_overlay.mp4'), 10**6))
    assert 10 <= len(frames) < FRAMES
    with np.load(tmp_path / 'out' / 'clip.npz') as clip:
        assert len(clip['frames']) == len(frames)
    assert not (tmp_path / 'out' / 'b.json').exists()
    before = times(tmp_path)
    assert run('a.jpg', 'clip.avi', 'b.jpg', '--resume', save='json,npz,overlay') == 0
    after = times(tmp_path)
    assert after['a.json'] == before['a.json'] and 'b.json' in after
    frames = list(iterate_frames(str(tmp_path / 'out' / 'clip_overlay.mp4'), 10**6))
    assert len(frames) == FRAMES


def test_the_second_ctrl_c_ends_it_at_once(run, tmp_path):
    """Though a server that is read from sends nothing."""
    with socket.create_server(('127.0.0.1', 0)) as server, open(tmp_path / 'told', 'w+') as told:
        address = f'http://127.0.0.1:{server.getsockname()[1]}/a.jpg'
        process = subprocess.Popen(
            run.command('a.jpg', address), stderr=told, preexec_fn=heed_interrupts
        )
        asked, _ = server.accept()
        with asked:
            asked.recv(100)
            process.send_signal(signal.SIGINT)
            wait_until(lambda: 'finishing' in Path(told.name).read_text())
            process.send_signal(signal.SIGINT)
            start = time.monotonic()
            assert process.wait(timeout=15) == 130
            assert time.monotonic() - start < 5
    assert Path(told.name).read_text().endswith('mroi infer: interrupted\n')
    assert not [path for path in (tmp_path / 'out').iterdir() if '.part' in path.name]


def wait_until(true):
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def noise(count):
    """Frames that do not compress."""
    return np.random.default_rng(0).integers(0, 255, (count, *SIZE[::-1], 3), np.uint8)


def test_an_overlay_for_which_there_is_no_room_costs_nothing_else(run, tmp_path):
    """The first of two videos has one that is too large for its disk."""
    rows = json.loads((tmp_path / 'boxes.json').read_text())
    rows.append({'image_id': 'other.avi', 'bbox': [100, 20, 90, 190]})
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    write_clip(tmp_path / 'clip.avi', noise(30))
    write_clip(tmp_path / 'other.avi', noise(1))
    command = run.command('clip.avi', 'other.avi', 'a.jpg', save='json,npz,overlay')
    assert subprocess.run(command, check=False).returncode == 0
    whole = {path.name: path.stat().st_size for path in (tmp_path / 'out').iterdir()}
    *others, largest = sorted(whole.values())
    assert whole['clip_overlay.mp4'] == largest > 2 * others[-1]
    shutil.rmtree(tmp_path / 'out')
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2,) * 2),
    )  # fmt: skip
    assert done.returncode == 1 and 'Traceback' not in done.stderr, done.stderr
    told = f'{tmp_path / "clip.avi"}: its overlay was not written: File too large'
    assert told in done.stdout and '32 images, 1 failed' in done.stdout
    found = {path.name for path in (tmp_path / 'out').iterdir()}
    assert set(whole) - found == {'clip_overlay.mp4'} and found <= set(whole)
    assert subprocess.run([*command, '--resume'], check=False).returncode == 0
    assert {path.name for path in (tmp_path / 'out').iterdir()} == set(whole)


def test_frames_of_a_video_that_is_done_keep_their_files(run, tmp_path):
    shutil.copy(tmp_path / 'a.jpg', tmp_path / 'clip_000000.jpg')
    rows = json.loads((tmp_path / 'boxes.json').read_text())
    rows.append({**rows[0], 'image_id': 'clip_000000.jpg'})
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    assert run('clip.avi') == 0
    before = times(tmp_path)
    assert run('clip.avi', 'clip_000000.jpg', '--resume') == 0
    after = times(tmp_path)
    assert set(after) - set(before) == {'clip_000000_2.json'}
    assert {name: after[name] for name in before} == before


def test_a_video_that_is_named_twice_is_written_twice(run, tmp_path):
    assert run('clip.avi', 'clip.avi', save='json,npz,overlay') == 0
    with np.load(tmp_path / 'out' / 'clip.npz') as clip:
        assert clip['frames'].tolist() == list(range(FRAMES))
    frames = list(iterate_frames(str(tmp_path / 'out' / 'clip_overlay.mp4'), 10**6))
    assert len(frames) == FRAMES


def test_inputs_of_standard_input(run, tmp_path, capsys, monkeypatch):
    """Also of a name in another encoding than the terminal's."""
    odd = os.fsencode(tmp_path) + b'/\xe9.jpg'
    shutil.copy(tmp_path / 'a.jpg', odd)
    rows = json.loads((tmp_path / 'boxes.json').read_text())
    rows.append({**rows[0], 'image_id': '\udce9.jpg'})
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    given = f'{tmp_path}/a.jpg\n\n{tmp_path}/b.jpg\r\n'.encode() + odd
    monkeypatch.setattr('sys.stdin', io.TextIOWrapper(io.BytesIO(given), 'utf-8'))
    assert run('-') == 0
    assert {'a.json', 'b.json'} < set(times(tmp_path)) and len(times(tmp_path)) == 3
    monkeypatch.setattr('sys.stdin', io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(SystemExit):
        run('-')
    assert 'standard input has no line' in capsys.readouterr().err
