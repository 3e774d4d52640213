"""Videos that are written: what browsers need, the source's times and sound, nothing half done."""

from __future__ import annotations

import shutil

import av
import numpy as np
import pytest
from video_files import packets_of, write_clip

from mroi_plugin.apis.overlay_video import OverlayVideo
from mroi_plugin.apis.videos import BT709, iterate_frames

CHROMIUM = next(
    filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None
)
TIMES = (0.0, 0.1, 0.15, 0.4, 0.5, 0.6, 1.0, 1.033)
PAGE = '<video src="drawn.mp4" muted></video>'
PLAYED = """() => new Promise(done => {
    const video = document.querySelector('video');
    const told = () => done({
        error: video.error && video.error.message, width: video.videoWidth,
        height: video.videoHeight, duration: video.duration, time: video.currentTime,
        sound: video.webkitAudioDecodedByteCount, frames: video.webkitDecodedFrameCount,
    });
    video.onended = video.onerror = told;
    video.play().catch(told);
})"""


def frames(width, height):
    """A bright column that moves to the right."""
    found = np.full((len(TIMES), height, width, 3), (200, 40, 60), np.uint8)
    for i, frame in enumerate(found):
        frame[:, 4 * i : 4 * i + 8] = 230
    return found


def written(source, target, pixels, times=TIMES):
    video = OverlayVideo(str(source), target, pixels[0].shape[1::-1])
    for frame, time in zip(pixels, times):
        video.add(frame, time)
    assert video.close() == target
    return target


@pytest.mark.parametrize('size', [(64, 48), (65, 49)])
def test_what_a_browser_needs(tmp_path, size):
    pixels = frames(*size)
    drawn = written(tmp_path / 'no.mp4', tmp_path / 'drawn.mp4', pixels)
    assert list(tmp_path.iterdir()) == [drawn]
    with av.open(str(drawn)) as file:
        (video,) = file.streams
        assert (video.codec.name, video.pix_fmt) == ('h264', 'yuv420p')
        assert video.codec_context.colorspace == BT709
    data = drawn.read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')  # it plays before all of it has come
    found = list(iterate_frames(str(drawn), 10**6))
    assert [time for _, time in found] == pytest.approx(TIMES, abs=1e-4)
    width, height = size
    for (frame, _), expected in zip(found, pixels):
        assert frame.shape == (height + height % 2, width + width % 2, 3)
        assert np.abs(frame[:height, :width].astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ('ending', 'sound'), [('mp4', 'aac'), ('mov', 'pcm_s16le'), ('mkv', 'flac'), ('m2ts', 'aac')]
)
def test_the_sound_is_the_same_and_in_time(tmp_path, ending, sound):
    """Packets are copied, but for the headers that each has of its own in transport streams."""
    source = write_clip(tmp_path / f'a.{ending}', frames(64, 48), TIMES, 'h264', sound)
    times = [time for _, time in iterate_frames(str(source), 10**6)]
    drawn = written(source, tmp_path / 'drawn.mp4', frames(64, 48), times)
    before, after = packets_of(source, 'audio'), packets_of(drawn, 'audio')
    assert len(before) == len(after) > 5
    for (_, given), (_, copied) in zip(before, after):
        assert given[-len(copied) :] == copied and len(given) - len(copied) == 7 * (
            ending == 'm2ts'
        )
    starts = [min(time for time, _ in packets_of(path, 'video')) for path in (source, drawn)]
    assert [time - starts[1] for time, _ in after] == pytest.approx(
        [time - starts[0] for time, _ in before], abs=2e-3
    )
    assert len(packets_of(drawn, 'video')) == len(TIMES)


def test_the_sound_of_what_was_not_drawn_is_left_out(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', frames(64, 48), TIMES, 'h264', 'aac', sound_s=4)
    for whole, until in ((True, 4), (False, 0.25)):
        video = OverlayVideo(str(source), tmp_path / 'drawn.mp4', (64, 48))
        for frame, time in zip(frames(64, 48)[:3], TIMES):
            video.add(frame, time)
        last = max(time for time, _ in packets_of(video.close(whole), 'audio'))
        assert last == pytest.approx(until, abs=0.05)


def test_sound_that_mp4_cannot_hold(tmp_path):
    source = write_clip(tmp_path / 'a.avi', frames(64, 48), TIMES, sound='pcm_mulaw')
    with pytest.warns(UserWarning, match='its sound, pcm_mulaw, cannot be in MP4'):
        drawn = written(source, tmp_path / 'drawn.mp4', frames(64, 48))
    with av.open(str(drawn)) as file:
        assert [stream.type for stream in file.streams] == ['video']


def test_a_source_that_is_cut(tmp_path):
    """Pictures are all there; so is the sound that came."""
    source = write_clip(tmp_path / 'a.mkv', frames(64, 48), TIMES, sound='aac')
    whole = len(packets_of(source, 'audio'))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    drawn = written(source, tmp_path / 'drawn.mp4', frames(64, 48))
    assert len(packets_of(drawn, 'video')) == len(TIMES)
    assert 0 < len(packets_of(drawn, 'audio')) < whole


def test_files_put_together(tmp_path):
    """Their clock starts anew: frames go on, the sound is the first one's."""
    source = write_clip(tmp_path / 'a.m2ts', frames(64, 48), TIMES, 'h264', 'aac')
    sound = len(packets_of(source, 'audio'))
    source.write_bytes(2 * source.read_bytes())
    times = [time for _, time in iterate_frames(str(source), 10**6)]
    assert len(times) == 2 * len(TIMES) and (np.diff(times) > 0).all()
    pixels = np.concatenate([frames(64, 48)] * 2)
    drawn = written(source, tmp_path / 'drawn.mp4', pixels, times)
    assert len(packets_of(drawn, 'video')) == 2 * len(TIMES)
    assert len(packets_of(drawn, 'audio')) == pytest.approx(sound, abs=1)


def test_a_disk_that_is_full(small_disk):
    rng = np.random.default_rng(0)
    video = OverlayVideo('no.mp4', small_disk.folder / 'a.mp4', (640, 480))
    with pytest.raises(OSError, match='No space left'):
        for i in range(200):
            video.add(rng.integers(0, 255, (480, 640, 3), np.uint8), i / 10)
    video.discard()
    assert list(small_disk.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(small_disk):
    small_disk.make('read-only')
    with pytest.raises(OSError, match='Read-only file system'):
        OverlayVideo('no.mp4', small_disk.folder / 'a.mp4', (64, 48))


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium here')
@pytest.mark.parametrize('size', [(64, 48), (321, 181)])
def test_it_plays_in_a_browser(tmp_path, size):
    sync_api = pytest.importorskip('playwright.sync_api')
    source = write_clip(tmp_path / 'a.mp4', frames(64, 48), TIMES, sound='aac')
    written(source, tmp_path / 'drawn.mp4', frames(*size))
    (tmp_path / 'page.html').write_text(PAGE)
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        view = browser.new_page()
        view.goto((tmp_path / 'page.html').as_uri())
        told = view.evaluate(PLAYED)
        browser.close()
    assert told['error'] is None
    assert (told['width'], told['height']) == tuple(side + side % 2 for side in size)
    assert told['duration'] == pytest.approx(TIMES[-1] + TIMES[-1] / 7, abs=0.1)
    assert told['time'] == pytest.approx(told['duration'], abs=0.05)
    assert told['frames'] == len(TIMES) and told['sound'] > 0
