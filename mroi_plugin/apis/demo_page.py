"""A web page to drop an image or a clip on, by gradio."""

from __future__ import annotations

import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.apis.inputs import count_images, is_video
from mroi_plugin.apis.saving import SAVING_ERRORS, Saver
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import rig_of
from mroi_plugin.utils.extras import import_extra

MAX_FRAMES = 600
"""Of a clip; what comes after is left out, and the page says so."""
TITLE = 'Bodies of the people in an image or a clip'
PAPER = (0.97, 0.97, 0.97, 1.0)
FONTS = {'font': ['system-ui', 'sans-serif'], 'font_mono': ['monospace']}
KEPT_S = 3600
"""Time after which files of visitors are removed."""


@dataclass
class Answer:
    """What the page shows for a file: paths, and what was found in words."""

    told: str
    overlay: Path | None = None
    video: Path | None = None
    meshes: Path | None = None
    files: list[Path] = field(default_factory=list)


def answer(
    path: str,
    model: Inferencer,
    folder: Path,
    progress: Callable[[int, int], Any] = lambda done, total: None,
) -> Answer:
    """Infer an image or a clip and write its files.

    Args:
        path: of the image or clip.
        model: that keeps images.
        folder: for the files.
        progress: told the number of images that are done, and of all.

    Raises:
        ValueError: saying why nothing could be done.
    """
    clip = is_video(path)
    formats = ['overlay', 'json', 'npz', 'glb']
    saver = Saver(str(folder), formats, rig_of(model.model.body_model))
    total, people, images, problem = count_images(path), 0, 0, None
    files: list[Path] = []
    try:
        for result in islice(model(path), MAX_FRAMES):
            problem = problem or result.error
            files += _saved(saver, result)
            images += result.error is None
            people += len(result.instances)
            progress(images, total)
        files += saver.close(stopped=images == MAX_FRAMES)
        problem = problem or next((told for _, told in saver.problems), None)
    finally:
        saver.discard()
    if not images:
        raise ValueError(problem or 'the file has no image.')
    pictures = [file for file in files if file.stem.endswith('_overlay')]
    meshes = next((file for file in files if file.suffix == '.glb'), None)
    found = Answer(_told(people, images, total, clip, problem), meshes=meshes)
    setattr(found, 'video' if clip else 'overlay', next(iter(pictures), None))
    data = [file for file in files if file not in (*pictures, meshes)]
    data = [_zipped(data, folder / 'results.zip')] if clip else data
    found.files = [*pictures, *filter(None, [meshes]), *data]
    return found


def _zipped(files: list[Path], path: Path) -> Path:
    with zipfile.ZipFile(path, 'w') as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def _saved(saver: Saver, result: ImageResult) -> list[Path]:
    try:
        return saver.save(result)
    except SAVING_ERRORS as error:
        raise ValueError(f'no file was written: {error}') from error


def _told(people: int, images: int, total: int, clip: bool, problem: str | None) -> str:
    if not people:
        told = 'No person was found.'
    elif clip:
        told = f'{people / images:.1f} people per frame in {images} frames.'
    else:
        told = '1 person.' if people == 1 else f'{people} people.'
    if clip and total > images == MAX_FRAMES:
        told += f' Frames after the first {MAX_FRAMES} were left out.'
    return told if problem is None else f'{told} {problem}'


def import_gradio() -> Any:
    """gradio, which sends no statistics.

    Raises:
        ImportError: naming the extra that is missing.
    """
    os.environ.update(GRADIO_ANALYTICS_ENABLED='False', HF_HUB_DISABLE_TELEMETRY='1')
    return import_extra('gradio', 'demo')


def build_page(model: Inferencer, folder: Path) -> Any:
    """The page as gradio's ``Blocks``, not yet served.

    Args:
        model: that keeps images.
        folder: for the files of visitors.

    Raises:
        ImportError: naming the extra that is missing.
    """
    gradio = import_gradio()

    def run(path: str | None, progress: Any = gradio.Progress()) -> list[Any]:  # noqa: B008
        if path is None:
            return ['', gradio.Image(None), gradio.Video(None, visible=False), None, None]
        place = Path(tempfile.mkdtemp(dir=folder))
        try:
            found = answer(path, model, place, lambda done, total: progress((done, total)))
        except ValueError as error:
            raise gradio.Error(str(error), print_exception=False) from error
        image, video, meshes = (
            None if file is None else str(file)
            for file in (found.overlay, found.video, found.meshes)
        )
        return [
            found.told,
            gradio.Image(image, visible=video is None),
            gradio.Video(video, visible=video is not None),
            meshes,
            [str(file) for file in found.files],
        ]

    with gradio.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(KEPT_S, KEPT_S)) as page:
        gradio.Markdown(f'# {TITLE}')
        given = gradio.File(label='Image or clip', file_types=['image', 'video'])
        told = gradio.Markdown()
        with gradio.Row():
            overlay = gradio.Image(
                label='Bodies over the image', interactive=False, buttons=['download', 'fullscreen']
            )
            video = gradio.Video(
                label='Bodies over the clip', interactive=False, visible=False, buttons=['download']
            )
            meshes = gradio.Model3D(label='3D model', height=480, clear_color=PAPER)
        files = gradio.Files(label='Files', interactive=False)
        given.change(run, given, [told, overlay, video, meshes, files], api_name='infer')
    return page


def serve(model: Inferencer, port: int, ready: Callable[[str], Any]) -> None:
    """Serve the page to this machine until Ctrl-C.

    Args:
        model: that keeps images.
        port: of the page.
        ready: called with its address.

    Raises:
        ImportError: naming the extra that is missing.
        OSError: if the port is in use.
    """
    with tempfile.TemporaryDirectory(prefix='mroi_demo_') as folder:
        page = build_page(model, Path(folder))
        _, address, _ = page.queue(default_concurrency_limit=1).launch(
            server_name='127.0.0.1',
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            footer_links=[],
            allowed_paths=[folder],
            ssr_mode=False,
            theme=import_gradio().themes.Default(**FONTS),
        )
        ready(address)
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            pass
        finally:
            page.close(verbose=False)
