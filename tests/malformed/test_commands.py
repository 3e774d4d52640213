"""One bad image, weight or name never ends a run of a command in silence or without its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from table_images import END, bomb
from tiny_training import CONFIG, write_config

from mroi_plugin.cli import main
from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data

BOX = [10, 10, 60, 90]


@pytest.fixture
def infer(config, checkpoint, tmp_path, in_workspace, capfd):
    """Runs ``mroi infer`` with one box for every image; returns status and what was said."""

    def run(*arguments, weights=checkpoint, save='json'):
        names = [a for a in os.listdir(tmp_path / 'in')]
        rows = [{'image_id': name, 'bbox': BOX} for name in names]
        (tmp_path / 'boxes.json').write_text(json.dumps(rows))
        try:
            status = main(
                ['infer', str(tmp_path / 'in'), '--model', config, '--checkpoint', weights,
                 '--boxes', str(tmp_path / 'boxes.json'), '--out', str(tmp_path / 'out'),
                 '--device', 'cpu', '--save', save, *arguments]
            )  # fmt: skip
        except SystemExit as stop:
            status = stop.code
        told = capfd.readouterr()
        return status, told.out + told.err

    (tmp_path / 'in').mkdir()
    return run


@pytest.fixture
def good(people, tmp_path, infer):
    """The bytes of a good image, which lies in the folder."""
    Image.open(people.path(0)).convert('RGB').save(tmp_path / 'in' / 'good.jpg')
    return (tmp_path / 'in' / 'good.jpg').read_bytes()


BAD = {
    'bomb': (lambda g: bomb(), 'claims 20000x20000 pixels'),
    'cut with an end': (lambda g: g[: len(g) // 2] + END, 'not to its end'),
    'cut': (lambda g: g[: len(g) // 2], 'not to its end'),
    'empty': (lambda g: b'', 'cannot be read as an image'),
    'HEIC': (lambda g: b'\0\0\0\x18ftypheic' + bytes(99), 'HEIC and AVIF are not read here'),
}


@pytest.mark.parametrize('save', ['json', 'overlay'])
def test_bad_images_of_every_kind_are_named_and_the_good_one_is_done(infer, good, tmp_path, save):
    for i, (content, _) in enumerate(BAD.values()):
        (tmp_path / 'in' / f'bad{i}.jpg').write_bytes(content(good))
    status, told = infer(save=save)
    assert status == 1 and f'1 persons in 1 images, {len(BAD)} failed; 1 files' in told
    for i, (_, message) in enumerate(BAD.values()):
        (line,) = [line for line in told.splitlines() if f'bad{i}.jpg: ' in line]
        assert message in line
    assert len(list((tmp_path / 'out').glob('[!.]*'))) == 1


def test_a_damaged_image_without_boxes_is_not_one_without_people(inferencer, good, tmp_path):
    (tmp_path / 'in' / 'bad.jpg').write_bytes(good[: len(good) // 2] + END)
    bad, fine = inferencer(tmp_path / 'in', boxes={'good.jpg': BOX})
    assert 'not to its end' in bad.error and fine.error is None


@pytest.mark.parametrize('detector', [True, False], ids=['detected', 'given'])
def test_a_very_long_image(inferencer, tmp_path, detector):
    """Through detector or given box, network and picture, as PNG and as JPEG."""
    from mroi_plugin.visualization.scene import result_row

    long = np.random.default_rng(0).integers(0, 255, (8, 40000, 3), np.uint8)
    for name in ('a.png', 'b.jpg'):
        Image.fromarray(long).save(tmp_path / name)
    given = {} if detector else {'boxes': np.array([[39000, 0, 8, 8], [0, 0, 40000, 8]])}
    for result in inferencer(tmp_path, **given):
        assert result.error is None and result.size == (40000, 8)
        assert detector or len(result.instances) == 2
        row = result_row(result.image, result.instances, result.faces, (48, 64))
        assert row.shape[0] < 600 and row.shape[1] < 10000


def test_outputs_never_overwrite_each_other(infer, good, people, tmp_path):
    """A video beside an image called as its first frame, and one name with two extensions."""
    folder = tmp_path / 'in'
    for name in ('a_000000.png', 'good.png', 'a.jpg', 'results_coco.png'):
        Image.open(folder / 'good.jpg').save(folder / name)
    writer = cv2.VideoWriter(str(folder / 'a.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 5, (96, 120))
    for _ in range(3):
        writer.write(np.zeros((120, 96, 3), np.uint8))
    writer.release()
    status, told = infer(save='json,coco,obj')
    files = list((tmp_path / 'out').glob('[!.]*'))
    assert status == 0 and len(files) == 2 * (5 + 3) + 1 and f'{len(files)} files' in told
    assert isinstance(json.loads((tmp_path / 'out' / 'results_coco.json').read_text()), list)


@pytest.mark.parametrize('name', ['..jpg', '...jpg', 'n\nv 0 0 0.jpg', '\udcff.jpg', '[red]x.jpg'])
def test_no_name_leads_out_of_the_folder_or_into_a_file(infer, good, tmp_path, name):
    os.rename(tmp_path / 'in' / 'good.jpg', tmp_path / 'in' / name)
    before = {path for path in tmp_path.rglob('*') if path.parent != tmp_path / 'out'}
    status, told = infer(save='obj,json,overlay')
    hidden = name.startswith('.')
    assert status == (1 if hidden else 0), told
    after = {path for path in tmp_path.rglob('*') if path.parent != tmp_path / 'out'}
    assert {path.name for path in after - before} <= {'boxes.json', 'out'}
    for path in (tmp_path / 'out').glob('*.obj'):
        assert sum(line.startswith('v') for line in path.read_text().splitlines()) in (0, 6890)


def test_folders_in_the_folder(infer, good, tmp_path):
    (tmp_path / 'in' / 'sub').mkdir()
    (tmp_path / 'in' / 'sub' / 'good.jpg').write_bytes(good)
    (tmp_path / 'in' / 'notes.txt').touch()
    status, told = infer()
    assert status == 0 and 'in 1 images' in told
    assert 'warning: ' in told and 'no images or videos: notes.txt' in told
    assert '--recursive reads them): sub' in told
    boxes = tmp_path / 'both.json'
    rows = [{'image_id': name, 'bbox': BOX} for name in ('in/good.jpg', 'sub/good.jpg')]
    boxes.write_text(json.dumps(rows))
    status, told = infer('--recursive', '--boxes', str(boxes))
    assert status == 0 and 'in 2 images' in told and 'folders skipped' not in told


def test_a_video_that_is_cut(infer, good, tmp_path):
    path = tmp_path / 'in' / 'a.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 5, (96, 120))
    rng = np.random.default_rng(0)
    for _ in range(20):
        writer.write(rng.integers(0, 255, (120, 96, 3), np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    status, told = infer(save='json,overlay')
    frames = sorted(name for name in os.listdir(tmp_path / 'out') if name.startswith('a_0'))
    assert status == 1 and 5 < len(frames) < 15 and 'good.json' in os.listdir(tmp_path / 'out')
    assert f'a.avi: {len(frames)} of 20 frames could be read' in told
    drawn = cv2.VideoCapture(str(tmp_path / 'out' / 'a_overlay.mp4'))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == len(frames)


def test_exif_that_contradicts_the_image_is_named_once(infer, good, tmp_path):
    exif = Image.Exif()
    exif[0x8769] = {0xA405: 65535}
    Image.open(tmp_path / 'in' / 'good.jpg').save(tmp_path / 'in' / 'good.jpg', exif=exif)
    status, told = infer()
    assert status == 0 and told.count('FocalLengthIn35mmFilm is not used') == 1
    status, told = infer('--focal-length', '500')
    assert status == 0 and 'FocalLengthIn35mmFilm' not in told


def test_nothing_written_is_no_success(infer, good):
    status, told = infer(save='bvh')
    assert status == 1 and 'no file was written' in told and 'bvh is of people in videos' in told
    status, told = infer(save='json,bvh')
    assert status == 0 and 'no .bvh was written: it is the motion of people in videos' in told
    status, told = infer(save='video')
    assert status == 2 and '--save video: expected some of' in told


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_not_finite(infer, good, checkpoint, tmp_path, value):
    weights = torch.load(checkpoint, weights_only=True)
    name = next(name for name in weights if weights[name].dim() == 1)
    weights[name][0] = value
    torch.save(weights, tmp_path / 'bad.pth')
    status, told = infer(weights=str(tmp_path / 'bad.pth'))
    assert status == 2 and f'bad.pth: {name} is not finite in 1 of' in told
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('command', ['train', 'check-data'])
def test_one_pixel_limit_for_every_command(in_workspace, tmp_path, capfd, command):
    """A bomb among the images, and a limit that the config sets."""
    table = read_human_data('data/synthetic/preprocessed_datasets/synthetic_train.npz')
    path = tmp_path / 'bomb.jpg'
    path.write_bytes(bomb())
    table['image_path'] = np.array([str(path)] * len(table['image_path']))
    write_human_data(str(tmp_path / 'bomb.npz'), table)
    config = write_config(tmp_path, CONFIG)
    key = 'train_dataloader.dataset'
    out = ['--work-dir' if command == 'train' else '--out', str(tmp_path / 'out')]
    for options, message in (
        ([f'{key}.ann_file={tmp_path}/bomb.npz'], 'claims 20000x20000 pixels, more than'),
        ([f'{key}.pipeline.load.max_pixels=99'], 'more than max_pixels=99: shrink it, or raise'),
    ):
        cfg = ['--cfg-options', *options]
        try:
            status = main([command, config, *out, *cfg])
        except SystemExit as stop:
            status = stop.code
        told = capfd.readouterr()
        assert status in (1, 2) and message in told.out + told.err


def test_a_bomb_takes_no_memory(tmp_path):
    """Less than 100 MiB in a process of its own, where decoding would take 1.1 GiB at least."""
    (tmp_path / 'bomb.jpg').write_bytes(bomb())
    code = f"""
import resource
import numpy as np
from mroi_plugin.apis.inputs import read_image
from mroi_plugin.datasets.transforms import LoadImage
box = dict(box_center=np.array([9000.0, 9000]), box_size=np.array([99.0, 99]))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
assert read_image({str(tmp_path / 'bomb.jpg')!r}).error
try:
    LoadImage()(dict(image_path={str(tmp_path / 'bomb.jpg')!r}, **box))
except ValueError:
    print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 100 * 1024  # KiB
