"""An interactive viewer of results in the browser, by viser."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mroi_plugin.structures.results import ImageResult, InstanceResult
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.utils.extras import import_extra
from mroi_plugin.utils.names import printable
from mroi_plugin.visualization.drawing import LIMBS, ROI_COLORS
from mroi_plugin.visualization.frusta import image_plane, roi_frusta
from mroi_plugin.visualization.scene import NUM_SMPL_JOINTS

BEHIND = 1.25
"""Depth of the image plane, in depths of the farthest body."""
EMPTY_M = 5.0
"""Depth of the image plane where nobody is."""
LINE = {'thickness': 2.0, 'thickness_units': 'screen'}
LAYERS = {'Bodies': True, 'Joints': False, 'Image': True}
"""What can be switched on and off, and whether it is on at first."""
EVERYONE, NOBODY = 'everyone', 'nobody'


class Frame(Protocol):
    """A result and the pixels of its image."""

    result: ImageResult

    def pixels(self) -> np.ndarray | None:
        """(h, w, 3) uint8 RGB, of any size in the shape of the image."""


class Viewer:
    """A page with the bodies of one frame, the cameras of their RoIs and the image; of several
    frames also a timeline. Nothing is loaded from other hosts, and none but this can connect.

    Args:
        frames: at least one.
        port: of the page; the next free one is taken where it is in use.
        rate: frames per second of the timeline.

    Raises:
        ImportError: naming the extra that is missing.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        port: int = 8080,
        rate: float = 10.0,
    ) -> None:
        viser = import_extra('viser', 'viewer')
        self.frames, self.rate = frames, rate
        with redirect_stdout(StringIO()):  # a box of addresses
            self.server = viser.ViserServer('127.0.0.1', port, 'mroi view', verbose=False)
        self.server.gui.configure_theme(show_logo=False, show_share_button=False)
        self.server.scene.set_up_direction('-y')
        self.server.scene.configure_environment_map(None)
        self.server.scene.configure_default_lights(True, cast_shadow=False)
        self.server.scene.add_light_ambient('/light', intensity=1.2)
        self.shown: list[Any] = []
        self._add_controls()
        self._place_camera()
        self.show(0)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f'http://localhost:{self.server.get_port()}'

    def _add_controls(self) -> None:
        gui = self.server.gui
        self.title = gui.add_markdown('')
        self.timeline = self.playing = None
        if len(self.frames) > 1:
            self.timeline = gui.add_slider('Frame', 0, len(self.frames) - 1, 1, 0)
            self.timeline.on_update(lambda _: self.show(int(self.timeline.value)))
            self.playing = gui.add_checkbox('Play', False)
        self.layers = {name: gui.add_checkbox(name, on) for name, on in LAYERS.items()}
        names = {name: None for frame in self.frames for name in _names(frame.result)}
        self.cameras = gui.add_dropdown(
            'RoIs of', (*names, EVERYONE, NOBODY), hint='cameras of the RoIs of'
        )
        for box in (*self.layers.values(), self.cameras):
            box.on_update(lambda _: self.show(self.number))
        for label, place in (('From the camera', self._to_camera), ('From the side', self._aside)):
            gui.add_button(label).on_click(lambda event, place=place: place(event.client.camera))
        self.people = gui.add_markdown('')

    def _extent(self) -> tuple[np.ndarray, float]:
        """Middle (3,) m of the people of the first frame that has some, and the depth of the image
        plane."""
        for frame in self.frames:
            places = [instance.trans for instance in frame.result.instances]
            if places:
                return np.mean(places, axis=0), BEHIND * float(np.max(places, axis=0)[2])
        return np.array([0, 0, EMPTY_M]), EMPTY_M

    def _place_camera(self) -> None:
        """The first view: from above and aside, with the camera of the image in sight."""
        middle, depth = self._extent()
        first = self.server.initial_camera
        first.up = (0.0, -1.0, 0.0)
        first.position = tuple(middle * 0.5 + np.array([0.7, -0.35, -0.2]) * depth)
        first.look_at = tuple(middle * 0.7)

    def _to_camera(self, camera: Any) -> None:
        """See what the camera of the image sees."""
        result = self.frames[self.number].result
        focal, _ = _camera_of(result)
        camera.position, camera.look_at = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)
        camera.up_direction = (0.0, -1.0, 0.0)
        camera.fov = 2 * math.atan(result.size[1] / 2 / focal)

    def _aside(self, camera: Any) -> None:
        """Look from the right of the image."""
        middle, depth = self._extent()
        camera.position, camera.look_at = tuple(middle + np.array([depth, 0, 0])), tuple(middle)
        camera.up_direction = (0.0, -1.0, 0.0)

    def show(self, number: int) -> None:
        """Show a frame in place of the one before."""
        self.number = number
        frame = self.frames[number]
        result, on = frame.result, {name: box.value for name, box in self.layers.items()}
        depths = [float(instance.trans[2]) for instance in result.instances]
        plane = BEHIND * max(depths) if depths else EMPTY_M
        with self.server.atomic():
            for handle in self.shown:
                handle.remove()
            self.shown = []
            if on['Image']:
                self._add_image(result, frame.pixels(), plane)
            for i, (name, instance) in enumerate(zip(_names(result), result.instances)):
                color = _color(i, instance)
                if on['Bodies']:
                    self._add(
                        'add_mesh_simple', f'/people/{i}', instance.vertices + instance.trans,
                        result.faces, color=color,
                    )  # fmt: skip
                if on['Joints']:
                    self._add_joints(i, instance)
                if self.cameras.value in (name, EVERYONE):
                    self._add_frusta(i, instance, plane, result.crop_size)
            self.title.content = f'**{printable(Path(result.name).name)}**'
            self.people.content = _people(result) or 'No person was found.'

    def _add(self, kind: str, *args: Any, **kwargs: Any) -> None:
        self.shown.append(getattr(self.server.scene, kind)(*args, **kwargs))

    def _add_image(self, result: ImageResult, pixels: np.ndarray | None, depth: float) -> None:
        if pixels is not None:
            center, (width, height) = image_plane(result.size, *_camera_of(result), depth)
            self._add(
                'add_image', '/image', pixels, width, height, format='jpeg', position=tuple(center),
                cast_shadow=False, receive_shadow=False,
            )  # fmt: skip

    def _add_joints(self, i: int, instance: InstanceResult) -> None:
        joints = instance.joints[:NUM_SMPL_JOINTS] + instance.trans
        limbs = np.array([[joints[a], joints[b]] for a, b in LIMBS])
        self._add('add_line_segments', f'/joints/{i}', limbs, (255, 210, 40), **LINE)

    def _add_frusta(
        self, i: int, instance: InstanceResult, depth: float, crop_size: tuple[int, int]
    ) -> None:
        for m, lines in enumerate(roi_frusta(instance, depth, crop_size)):
            color = ROI_COLORS[m % len(ROI_COLORS)]
            self._add('add_line_segments', f'/cameras/{i}/{m}', lines, color, **LINE)

    def run(self) -> None:
        """Serve, and move the timeline while it plays, until Ctrl-C."""
        try:
            while True:
                time.sleep(1 / self.rate)
                if self.playing is not None and self.playing.value:
                    self.timeline.value = (self.number + 1) % len(self.frames)
        except KeyboardInterrupt:
            pass
        finally:
            self.server.stop()


def _camera_of(result: ImageResult) -> tuple[float, np.ndarray]:
    """Focal length and principal point, px: those of the first person, or what is assumed."""
    for instance in result.instances:
        return instance.focal_length, np.asarray(instance.principal_point, np.float64)
    return math.hypot(*result.size), (np.array(result.size) - 1) / 2


def _color(i: int, instance: InstanceResult) -> tuple[int, ...]:
    rgb = instance_color(i if instance.track < 0 else instance.track)
    return tuple(round(255 * value) for value in rgb)


def _names(result: ImageResult) -> list[str]:
    return [
        f'Person {i}' if instance.track < 0 else f'Track {instance.track}'
        for i, instance in enumerate(result.instances)
    ]


def _people(result: ImageResult) -> str:
    """A paragraph of Markdown about every person."""
    lines = []
    for i, (name, instance) in enumerate(zip(_names(result), result.instances)):
        mark = f'<span style="color: rgb{_color(i, instance)}">■</span>'
        lines.append(f'{mark} **{name}**: {instance.trans[2]:.2f} m from the camera')
        if len(instance.rois) > 1:
            lines[-1] += (
                f'; its {len(instance.rois)} cameras differ by {instance.spread_px:.1f} px, '
                f'confidence {instance.confidence:.2f}'
            )
    return '\n\n'.join(lines)
