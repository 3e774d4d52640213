"""Images and videos of the web, served by a real server; cameras, as far as there are any here."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image
from video_files import write_clip

from mroi_plugin.apis import video_sources
from mroi_plugin.apis.inputs import count_images, iterate_images
from mroi_plugin.apis.overlay_video import OverlayVideo
from mroi_plugin.apis.video_sources import camera_name, fetch
from mroi_plugin.apis.videos import iterate_frames
from mroi_plugin.utils.names import safe_stem

PIXELS = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 4, (1, 96, 3))


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder; ``/slow`` never answers, ``/broken`` answers no HTTP."""

    def do_GET(self):
        if self.path == '/slow':
            self.server.ended.wait(30)
        elif self.path == '/broken':
            self.wfile.write(b'no answer\r\n\r\n')
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path):
    """Address of a server of ``tmp_path``."""
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(tmp_path)))
    server.ended = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_image_of_the_web_is_that_of_the_file(site, tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / 'a.png')
    address = f'{site}/a.png?size=2'
    assert count_images([address]) == 1
    (image,) = iterate_images(address)
    assert (image.error, image.size, image.name) == (None, (96, 64), address)
    assert np.array_equal(image.pixels(), PIXELS)
    assert safe_stem(address) == 'a'


def test_a_video_of_the_web_is_that_of_the_file(site, tmp_path):
    frames = [np.roll(PIXELS, 5 * i, axis=0) for i in range(5)]
    path = write_clip(tmp_path / 'clip.mp4', frames, [0, 0.1, 0.3, 0.4, 0.5], sound='aac')
    address = f'{site}/clip.mp4'
    assert count_images(address) is None  # it is opened once
    images, expected = list(iterate_images(address)), list(iterate_frames(str(path), 10**6))
    assert [image.time for image in images] == [time for _, time in expected]
    for image, (pixels, _) in zip(images, expected):
        assert np.array_equal(image.pixels(), pixels)
    assert images[3].name == f'{address}#000003'
    drawn = OverlayVideo(address, tmp_path / 'drawn.mp4', (96, 64))
    assert len(drawn.container.streams.audio) == 1  # the sound is found, too
    drawn.discard()


@pytest.mark.parametrize(
    ('page', 'said'),
    [
        ('nothing.jpg', '404'),
        ('nothing.mp4', '404'),
        ('slow', 'timed out'),
        ('broken', 'BadStatusLine'),
        ('page.html', 'cannot be read as an image'),
    ],
)
def test_what_cannot_be_had_is_one_line(site, tmp_path, monkeypatch, page, said):
    monkeypatch.setattr(video_sources, 'TIMEOUT_S', 0.5)
    (tmp_path / 'page.html').write_text('<html>')
    (image,) = iterate_images(f'{site}/{page}')
    assert image.name == f'{site}/{page}' and said in image.error
    assert '\n' not in image.error


def test_no_server_and_no_address():
    for address in ('http://127.0.0.1:9/a.jpg', 'http://[::1/a.jpg', 'https://'):
        (image,) = iterate_images(address)
        assert 'cannot be read as an image' in image.error


def test_what_is_too_large_is_refused(site, tmp_path, monkeypatch):
    (tmp_path / 'a.bin').write_bytes(bytes(2**20 + 1))
    monkeypatch.setattr(video_sources, 'MAX_BYTES', 2**20)
    with pytest.raises(OSError, match='more than 1 MB'):
        fetch(f'{site}/a.bin')


def test_a_number_is_a_camera_where_it_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert camera_name('0') == camera_name('camera:0') == 'camera:0'
    Image.fromarray(PIXELS).save('0', format='png')
    assert camera_name('0') is None and camera_name('camera:0') == 'camera:0'
    assert count_images('0') == 1 and count_images(['0', '7']) is None


def test_a_camera_that_is_not_there_is_one_line():
    (image,) = iterate_images('camera:97')
    assert image.name == 'camera:97' and 'No such file' in image.error


def test_frames_of_a_camera_begin_at_0(monkeypatch, tmp_path):
    """FFmpeg's test pattern as the driver: a live source with a clock of its own."""
    pattern = 'testsrc2=size=64x48:rate=10,setpts=PTS+50/TB'
    monkeypatch.setitem(video_sources.DRIVERS, 'linux', (pattern, 'lavfi'))
    monkeypatch.setattr('sys.platform', 'linux')
    images = []
    for image in iterate_images('0'):
        images.append(image)
        if len(images) == 4:
            break
    assert [image.name for image in images] == [f'camera:0#{i:06d}' for i in range(4)]
    assert [image.time for image in images] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert images[0].size == (64, 48) and images[0].pixels().std() > 20
    video = OverlayVideo('camera:0', tmp_path / 'a.mp4', (64, 48))
    for image in images:
        video.add(image.pixels(), image.time)
    assert len(list(iterate_frames(str(video.close()), 10**6))) == 4


def test_a_platform_without_a_driver_says_so(monkeypatch):
    monkeypatch.setattr('sys.platform', 'plan9')
    (image,) = iterate_images('0')
    assert 'cameras are read on linux and darwin alone' in image.error
