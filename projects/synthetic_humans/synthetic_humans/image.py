"""From a scene to an image: dressed people, things, light, shadow, backdrop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mroi_plugin.visualization.shading import Lighting
from synthetic_humans.backdrop import cast_shadow, paint_place, sample_place
from synthetic_humans.backgrounds import sample_background
from synthetic_humans.deferred import Geometry, ShadowMap, draw, merge, shadow_map
from synthetic_humans.materials import Material
from synthetic_humans.outfits import draw_outfit_number
from synthetic_humans.props import Thing, make_clutter, make_occluder, make_seat
from synthetic_humans.scenes import Scene
from synthetic_humans.tailor import Tailor
from synthetic_humans.views import View

PLACE_SHARE = 0.55
"""Part of the images whose backdrop is a room or an open place; others stand before a picture."""


def sample_sun(rng: np.random.Generator) -> np.ndarray:
    """Draw the direction (3,) towards the main light, world, 20-80 degrees above the floor."""
    height, around = np.radians(rng.uniform(20, 80)), rng.uniform(-np.pi, np.pi)
    flat = np.cos(height)
    return np.array([flat * np.sin(around), np.sin(height), flat * np.cos(around)])


def sample_light(rng: np.random.Generator, view: View, sun: np.ndarray) -> Lighting:
    """Draw the light of a scene, in the camera frame: from harsh sun to an overcast sky."""
    strength = rng.uniform(0.1, 0.95)
    warmth = rng.uniform(-0.12, 0.12)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    ambient = rng.uniform(0.95, 1.3) - 0.7 * strength
    fill = np.array([rng.uniform(-1, 1), 0.3, 1.0])
    return Lighting(
        directions=np.einsum('ij,lj->li', view.rotation, np.stack([sun, fill])),
        intensities=np.stack([strength * tint, np.full(3, rng.uniform(0.05, 0.25))]),
        sky=ambient * np.array([0.98, 1.0, 1.04]),
        ground=ambient * rng.uniform(0.4, 0.75) * np.array([1.03, 1.0, 0.96]),
        up=view.rotation[:, 1],
    )


def _collect(
    rng: np.random.Generator, scene: Scene, tailor: Tailor, things: list[Thing], reserved: bool
) -> tuple[Geometry, list[Material]]:
    """Dress everybody, and put all surfaces and materials together."""
    surfaces, owners, materials = [], [], []

    def take(own: list, looks: list, owner: int) -> None:
        surfaces.extend(replace(s, material=s.material + len(materials)) for s in own)
        owners.extend([owner] * len(own))
        materials.extend(looks)

    for owner, person in enumerate(scene.people):
        number = draw_outfit_number(rng, reserved)
        take(*tailor.dress(rng, number, person), owner)
    for thing in things:
        take(thing.surfaces, [thing.material], -1)
    return merge(surfaces, owners), materials


def _backdrop(
    rng: np.random.Generator,
    scene: Scene,
    things: list[Thing],
    shadow: ShadowMap,
    softness: float,
    reserved: bool,
) -> np.ndarray:
    """Draw what is behind the people, with their shadows (H, W, 3) float32, RGB in 0..1."""
    view = scene.view
    if rng.uniform() > PLACE_SHARE:
        return sample_background(rng, view.size, reserved)
    occupied = [person.joints[:, [0, 2]] for person in scene.people]
    occupied += [thing.middle[None] for thing in things]
    place = sample_place(rng, view, np.concatenate(occupied), reserved)
    image, ground = paint_place(place, view)
    cast_shadow(image, ground, view, shadow, softness, rng.uniform(0.2, 0.65))
    return cv2.resize(image, view.size, interpolation=cv2.INTER_LINEAR) / 255


def render_scene(
    rng: np.random.Generator, scene: Scene, tailor: Tailor, reserved: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a scene.

    Args:
        rng: source of randomness for everything that moves neither people nor the camera.
        scene: people and camera.
        tailor: dresses the people.
        reserved: use outfits and stock images of the test split instead of those of training.

    Returns:
        image (H, W, 3) float32, RGB in 0..1, and owner (H, W) int16: which of the people is
        nearest at the center of a pixel, -1 for nobody.
    """
    view, sun = scene.view, sample_sun(rng)
    light, softness = sample_light(rng, view, sun), rng.uniform(0.5, 3.0)
    seats = [make_seat(rng, person) for person in scene.people]
    things = [thing for thing in seats if thing is not None]
    things += make_clutter(rng, scene.people, view)
    occluder = make_occluder(rng, scene.people, view)
    things += [] if occluder is None else [occluder]
    geometry, materials = _collect(rng, scene, tailor, things, reserved)
    points = np.concatenate([person.joints for person in scene.people])
    center = (points.min(0) + points.max(0)) / 2
    reach = max(1.5, np.linalg.norm(points - center, axis=1).max() + 0.4)
    shadow = shadow_map(geometry, sun, center, reach)
    backdrop = _backdrop(rng, scene, things, shadow, softness, reserved)
    drawing = draw(geometry, materials, view, light, shadow, softness)
    image = drawing.color + (1 - drawing.alpha[..., None]) * backdrop
    return image, drawing.owner
