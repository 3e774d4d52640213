"""From a scene to an image: light, shadow, rendering, and what a camera does to it."""

from __future__ import annotations

import cv2
import numpy as np

from mroi_plugin.visualization.renderer import Mesh, render
from mroi_plugin.visualization.shading import Lighting
from synthetic_humans.backdrop import HALF, enlarge, paint_place, sample_place
from synthetic_humans.body import SyntheticBody
from synthetic_humans.people import Person
from synthetic_humans.props import make_furniture, make_occluder, make_seat
from synthetic_humans.views import View
from synthetic_humans.wardrobe import Wardrobe

_PENUMBRA_M = 0.025
_GRAIN = np.random.default_rng(7).standard_normal((1280, 1280)).astype(np.float32)


def sample_sun(rng: np.random.Generator) -> np.ndarray:
    """Draw the direction (3,) towards the main light, world, 35-75 degrees above the floor."""
    height, around = np.radians(rng.uniform(35, 75)), np.radians(rng.uniform(-110, 110))
    flat = np.cos(height)
    return np.array([flat * np.sin(around), np.sin(height), flat * np.cos(around)])


def sample_light(rng: np.random.Generator, view: View, sun: np.ndarray) -> Lighting:
    """Draw the light of a scene, in the camera frame: sun or lamp, fill, sky and ground."""
    strength = rng.uniform(0.3, 0.75)
    warmth = rng.uniform(-0.08, 0.08)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    ambient = rng.uniform(0.85, 1.1) - 0.75 * strength
    fill = np.array([rng.uniform(-1, 1), 0.3, 1.0])
    return Lighting(
        directions=np.stack([sun, fill]) @ view.rotation.T,
        intensities=np.stack([strength * tint, np.full(3, 0.18)]),
        sky=ambient * np.array([0.98, 1.0, 1.04]),
        ground=ambient * rng.uniform(0.5, 0.75) * np.array([1.03, 1.0, 0.96]),
        up=view.rotation[:, 1],
        specular=rng.uniform(0.0, 0.06),
        shininess=20.0,
    )


def cast_shadow(
    backdrop: np.ndarray,
    ground: np.ndarray,
    meshes: list,
    sun: np.ndarray,
    view: View,
    depth: float,
) -> None:
    """Darken the floor of a half-resolution backdrop where the sun does not reach, in place.

    Args:
        backdrop: (h, w, 3) float32.
        ground: (h, w) bool, where the floor is seen.
        meshes: pairs of world vertices (V, 3), m, and faces (F, 3).
        sun: (3,), towards the light, world.
        view: the camera of the full-resolution picture.
        depth: darkness of the core of the shadow, 0..1.
    """
    size = backdrop.shape[1], backdrop.shape[0]
    flat = []
    for vertices, faces in meshes:
        floor_points = vertices - vertices[:, 1:2] / sun[1] * sun
        flat.append(Mesh(view.to_camera(floor_points), faces, (0, 0, 0), two_sided=True))
    center = (view.principal_point + 0.5) / HALF - 0.5
    covered = render(flat, view.focal_length / HALF, center, size, supersample=1).alpha
    blur = max(_PENUMBRA_M * view.focal_length / HALF / np.linalg.norm(view.position), 0.7)
    soft = cv2.GaussianBlur(covered, (0, 0), float(blur))
    backdrop *= (1 - depth * soft * ground)[..., None]


def develop(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Do what a camera does: exposure, contrast, color balance, slight blur and grain.

    Args:
        rng: source of randomness.
        image: (H, W, 3) uint8 RGB.
    """
    gamma, gain = rng.uniform(0.85, 1.2), rng.uniform(0.88, 1.1) * rng.uniform(0.96, 1.04, 3)
    ramp = (np.arange(256) / 255.0) ** gamma
    table = np.clip(255 * ramp[:, None] * gain, 0, 255).astype(np.uint8)
    out = cv2.LUT(image, table[None])
    sharpness = rng.uniform(0.3, 0.9)
    out = cv2.GaussianBlur(out, (0, 0), float(sharpness))
    height, width = image.shape[:2]
    top, left = rng.integers(0, _GRAIN.shape[0] - height), rng.integers(0, 1280 - width)
    grain = _GRAIN[top : top + height, left : left + width] * rng.uniform(1.0, 5.0)
    return cv2.add(out, cv2.merge([grain.astype(np.int16)] * 3), dtype=cv2.CV_8U)


def render_image(
    rng: np.random.Generator, body: SyntheticBody, wardrobe: Wardrobe, person: Person, view: View
) -> np.ndarray:
    """Draw the picture (H, W, 3) uint8 RGB of a person under a camera.

    Args:
        rng: source of randomness for everything that does not move the person or the camera.
        body: gives the faces.
        wardrobe: dresses the person.
        person: who.
        view: from where.
    """
    place = sample_place(rng, view)
    sun = sample_sun(rng)
    light = sample_light(rng, view, sun)
    backdrop, ground = paint_place(place, view)
    boxes = [make_seat(rng, person), make_occluder(rng, person, view)]
    boxes = [box for box in boxes if box is not None] + make_furniture(rng, place, view)
    solids = [(person.vertices, body.faces)] + [(box.vertices, box.faces) for box in boxes]
    cast_shadow(backdrop, ground, solids, sun, view, rng.uniform(0.3, 0.6))
    meshes = [Mesh(view.to_camera(person.vertices), body.faces, wardrobe.dress(rng))]
    meshes += [Mesh(view.to_camera(box.vertices), box.faces, box.color) for box in boxes]
    drawn = render(
        meshes,
        view.focal_length,
        view.principal_point,
        view.size,
        background=enlarge(backdrop, view.size),
        lighting=light,
    )
    return develop(rng, drawn.color)
