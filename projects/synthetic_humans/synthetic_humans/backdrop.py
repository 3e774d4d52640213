"""The place around people: a room with walls or open ground under a sky, cast ray by ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mroi_plugin.visualization.jit import kernel
from synthetic_humans.deferred import ShadowMap, lit_share
from synthetic_humans.stock_images import load_stock_images
from synthetic_humans.textures import (
    INDOOR_FLOORS,
    OUTDOOR_FLOORS,
    SKY_TOP_DEG,
    floor_tile,
    muted_color,
    sky_panorama,
    stock_tile,
    wall_tile,
)
from synthetic_humans.views import View

HALF = 2
"""Backdrops are cast at 1/HALF of the resolution: they lie out of focus."""

STOCK_SHARE = 0.15
"""How often a floor or a wall is covered by a stock image."""

_WALL_M = 4.0


@dataclass(frozen=True)
class Place:
    """Surroundings in the world frame (floor at y = 0).

    Attributes:
        floor, wall: (S, S, 3) float32, tiles of `floor_m` and 4 m side.
        floor_m: side of the floor tile, m.
        sky: (h, w, 3) float32 panorama; indoors a single ceiling color.
        walls: (W, 4) planes `n_x x + n_z z = -d` and their brightness (n_x, n_z, d, brightness).
        ceiling: height of the ceiling, m; 0 outdoors.
        haze: (3,), color that far ground fades to.
    """

    floor: np.ndarray
    wall: np.ndarray
    floor_m: float
    sky: np.ndarray
    walls: np.ndarray
    ceiling: float
    haze: np.ndarray


def sample_place(
    rng: np.random.Generator, view: View, occupied: np.ndarray, reserved: bool
) -> Place:
    """Draw a room or an open place.

    Args:
        rng: source of randomness.
        view: the camera, which the room holds.
        occupied: (P, 2) m, x and z of what else it holds.
        reserved: use the stock images of the test split instead of those of training.
    """
    indoors = rng.uniform() < 0.6
    kinds = INDOOR_FLOORS if indoors else OUTDOOR_FLOORS
    stock = load_stock_images(reserved)
    if stock and rng.uniform() < STOCK_SHARE:
        floor = stock_tile(rng, stock)
    else:
        floor = floor_tile(rng, kinds[int(rng.integers(len(kinds)))])
    floor_m = float(rng.uniform(1.2, 2.4))
    if not indoors:
        sky, none = sky_panorama(rng), np.zeros((0, 4))
        wall = np.zeros((1, 1, 3), np.float32)
        haze = 0.7 * floor.mean((0, 1), np.float64) + 0.3 * sky[-60].mean(0, np.float64)
        return Place(floor, wall, floor_m, sky, none, 0.0, haze)
    occupied = np.vstack([occupied, view.position[[0, 2]]])
    angle = np.radians(rng.uniform(-25, 25))
    sides = [(np.sin(angle), np.cos(angle), rng.uniform(0.7, 4.0), 1.0)]
    if rng.uniform() < 0.6:
        side = rng.choice([-1.0, 1.0])
        normal = side * np.cos(angle), -side * np.sin(angle)
        sides.append((*normal, rng.uniform(0.7, 2.5), rng.uniform(0.72, 0.95)))
    walls = [
        (x, z, margin - (occupied[:, 0] * x + occupied[:, 1] * z).min(), brightness)
        for x, z, margin, brightness in sides
    ]
    ceiling = muted_color(rng, 190, 245, 12).astype(np.float32)
    tile = stock_tile(rng, stock) if stock and rng.uniform() < STOCK_SHARE else wall_tile(rng)
    height = float(max(rng.uniform(2.5, 3.4), view.position[1] + 0.3))
    haze = floor.mean((0, 1)).astype(np.float64)
    sky = np.ascontiguousarray(np.broadcast_to(ceiling, (2, 2, 3)))
    return Place(floor, tile, floor_m, sky, np.array(walls), height, haze)


@kernel
def _texel(tile: np.ndarray, u: float, v: float, out: np.ndarray) -> None:
    """Fill `out` (3,) from a tile that repeats every 1 in u and v, bilinearly."""
    rows, columns = tile.shape[0], tile.shape[1]
    x, y = (u - np.floor(u)) * columns - 0.5, (v - np.floor(v)) * rows - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    a, b = x0 % columns, (x0 + 1) % columns
    c, d = y0 % rows, (y0 + 1) % rows
    for i in range(3):
        top = tile[c, a, i] * (1 - fx) + tile[c, b, i] * fx
        out[i] = top * (1 - fy) + (tile[d, a, i] * (1 - fx) + tile[d, b, i] * fx) * fy


@kernel
def _nearest_plane(origin: np.ndarray, ray: np.ndarray, walls: np.ndarray, ceiling: float) -> tuple:
    """Return what a ray meets and how far away: -2 sky, -1 floor, w wall; ceilings count as sky."""
    hit, reach = -2, np.inf
    if ray[1] < -1e-6:
        hit, reach = -1, -origin[1] / ray[1]
    elif ceiling > 0.0 and ray[1] > 1e-6:
        reach = (ceiling - origin[1]) / ray[1]
    for w in range(len(walls)):
        toward = walls[w, 0] * ray[0] + walls[w, 1] * ray[2]
        if toward < -1e-6:
            away = -(walls[w, 2] + walls[w, 0] * origin[0] + walls[w, 1] * origin[2]) / toward
            if 0.0 < away < reach:
                hit, reach = w, away
    return hit, reach


@kernel
def _cast(
    shape: tuple,
    lens: np.ndarray,
    rotation: np.ndarray,
    origin: np.ndarray,
    floor: np.ndarray,
    wall: np.ndarray,
    sky: np.ndarray,
    walls: np.ndarray,
    measures: tuple,
    haze: np.ndarray,
) -> tuple:
    """Cast one ray per pixel of an image of `shape` (h, w).

    Args:
        lens: (3,), f, c_x, c_y of this resolution, px.
        rotation: (3, 3), world to camera; its rows are the camera axes.
        origin: (3,) m, camera center.
        measures: sides of the floor and the wall tile, ceiling, m; top of the sky, rad.

    Returns:
        image (h, w, 3) float32 in 0..255 and floor (h, w) bool.
    """
    floor_m, wall_m, ceiling, sky_top = measures
    image, ground = np.empty((shape[0], shape[1], 3), np.float32), np.zeros(shape, np.bool_)
    ray, color = np.empty(3), np.empty(3)
    for y in range(shape[0]):
        for x in range(shape[1]):
            right, down = (x - lens[1]) / lens[0], (y - lens[2]) / lens[0]
            for i in range(3):
                ray[i] = rotation[0, i] * right + rotation[1, i] * down + rotation[2, i]
            hit, reach = _nearest_plane(origin, ray, walls, ceiling)
            if hit == -1:
                px, pz = origin[0] + reach * ray[0], origin[2] + reach * ray[2]
                _texel(floor, px / floor_m, pz / floor_m, color)
                clear = np.exp(-max(reach - 4.0, 0.0) / 20.0)
                color[:] = color * clear + haze * (1.0 - clear)
                ground[y, x] = True
            elif hit >= 0:
                px, pz = origin[0] + reach * ray[0], origin[2] + reach * ray[2]
                along = walls[hit, 1] * px - walls[hit, 0] * pz
                height = origin[1] + reach * ray[1]
                _texel(wall, along / wall_m + 0.37 * hit, -height / wall_m, color)
                color *= walls[hit, 3]
            else:
                around = np.arctan2(ray[0], -ray[2]) / (2 * np.pi)
                level = np.arctan2(ray[1], np.sqrt(ray[0] ** 2 + ray[2] ** 2)) / sky_top
                _texel(sky, around, min(max(0.998 - level, 0.01), 0.99), color)
            image[y, x] = color
    return image, ground


def _half_lens(view: View) -> np.ndarray:
    """Return f, c_x, c_y of a camera at 1/HALF of its resolution, px."""
    return np.array([view.focal_length, *(view.principal_point + 0.5)]) / HALF - (0, 0.5, 0.5)


def paint_place(place: Place, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Draw the surroundings at 1/HALF of the resolution.

    Returns:
        image (H/HALF, W/HALF, 3) float32 in 0..255 and floor (H/HALF, W/HALF) bool.
    """
    shape = view.size[1] // HALF, view.size[0] // HALF
    lens = _half_lens(view)
    measures = (place.floor_m, _WALL_M, place.ceiling, float(np.radians(SKY_TOP_DEG)))
    tiles = place.floor, place.wall, place.sky
    return _cast(
        shape, lens, view.rotation, view.position, *tiles, place.walls, measures, place.haze
    )


@kernel
def _darken(
    image: np.ndarray,
    ground: np.ndarray,
    lens: np.ndarray,
    rotation: np.ndarray,
    origin: np.ndarray,
    shadow: tuple,
    depth: float,
) -> None:
    """Darken the floor of `image` (h, w, 3) where the light does not reach, in place."""
    ray = np.empty(3)
    for y in range(ground.shape[0]):
        for x in range(ground.shape[1]):
            if not ground[y, x]:
                continue
            right, down = (x - lens[1]) / lens[0], (y - lens[2]) / lens[0]
            for i in range(3):
                ray[i] = rotation[0, i] * right + rotation[1, i] * down + rotation[2, i]
            reach = -origin[1] / ray[1]
            px, pz = origin[0] + reach * ray[0], origin[2] + reach * ray[2]
            image[y, x] *= 1.0 - depth * (1.0 - lit_share(px, 0.0, pz, *shadow))


def cast_shadow(
    image: np.ndarray,
    ground: np.ndarray,
    view: View,
    shadow: ShadowMap,
    softness: float,
    depth: float,
) -> None:
    """Darken the floor of a half-resolution backdrop where the main light does not reach, in place.

    Args:
        image: (h, w, 3) float32.
        ground: (h, w) bool, where the floor is seen.
        view: the camera of the full-resolution picture.
        shadow: from the main light.
        softness: distance of the texels of the shadow map that are averaged.
        depth: darkness of the core of the shadow, 0..1.
    """
    there = (shadow.rotation, shadow.position, shadow.focal, shadow.inverse_depth, 0.05, softness)
    _darken(image, ground, _half_lens(view), view.rotation, view.position, there, depth)
