"""Materials: textures of cloth, skin, hair and things, and where they lie on a surface.

A texture is a tile of `SIDE` x `SIDE` texels, RGB in 0..1. `coords` of a vertex are (p, q, along,
radius): `mode` WRAPPED lays the tile around a limb, u = radius atan2(p, q) and v = along, in
meters; `mode` FLAT takes u = p and v = q, in meters, and repeats; `mode` DECAL is a picture over
u, v in 0..1, whose border goes on outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from synthetic_humans.textures import noise

SIDE = 128
WRAPPED, FLAT, DECAL = 0, 1, 2


@dataclass(frozen=True)
class Material:
    """How a surface looks.

    Attributes:
        texture: (SIDE, SIDE, 3) float32, RGB in 0..1.
        mode: WRAPPED, FLAT or DECAL.
        tile_m: side of the tile on the surface, m.
        bump: how much small folds turn the normals.
        gloss: strength of highlights.
    """

    texture: np.ndarray
    mode: int = WRAPPED
    tile_m: float = 0.4
    bump: float = 0.0
    gloss: float = 0.02


def _bank() -> np.ndarray:
    """Return noise tiles (16, SIDE, SIDE), the same in every process: cloudy to streaky."""
    rng = np.random.default_rng(11)
    tiles = [noise(rng, (SIDE, SIDE), octaves) for octaves in (2, 3, 4, 5) for _ in range(2)]
    for k in range(8):
        tall = noise(rng, (SIDE * 4, SIDE), 4)[:: 4 if k % 2 else 1][:SIDE]
        tiles.append(cv2.resize(tall, (SIDE, SIDE)))
    return np.stack(tiles).astype(np.float32)


NOISE = _bank()
"""(16, SIDE, SIDE) float32 of zero mean and unit deviation."""


def random_noise(rng: np.random.Generator, low: int = 0, high: int = 16) -> np.ndarray:
    """Return one of the noise tiles, shifted and mirrored."""
    tile = NOISE[int(rng.integers(low, high))]
    tile = tile[:: int(rng.choice([-1, 1])), :: int(rng.choice([-1, 1]))]
    return np.roll(tile, tuple(int(i) for i in rng.integers(0, SIDE, 2)), (0, 1))


def dye(rng: np.random.Generator) -> np.ndarray:
    """Draw any color of cloth (3,) in 0..1: often muted, dark, white or gray."""
    hue, value = rng.uniform(0, 6), rng.uniform(0.08, 0.95)
    chroma = rng.beta(1.3, 2.0) if rng.uniform() < 0.75 else rng.uniform(0, 0.08)
    ramp = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return value * (1 - chroma * (1 - ramp))


def _shaded(color: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    return np.clip(color * brightness[..., None], 0, 1).astype(np.float32)


def plain(rng: np.random.Generator, color: np.ndarray, contrast: float = 0.05) -> np.ndarray:
    """Draw a tile of one color (3,) with noise."""
    return _shaded(color, 1 + contrast * random_noise(rng))


def _mask_stripes(rng: np.random.Generator) -> np.ndarray:
    period, width = int(rng.choice([8, 16, 32, 64])), rng.uniform(0.15, 0.6)
    return np.broadcast_to((np.arange(SIDE) % period < width * period)[:, None], (SIDE, SIDE))


def _mask_checks(rng: np.random.Generator) -> np.ndarray:
    half = int(rng.choice([4, 8, 16, 32]))
    line = np.arange(SIDE) // half % 2
    return line[:, None] ^ line[None]


def _mask_dots(rng: np.random.Generator) -> np.ndarray:
    period = int(rng.choice([16, 32]))
    y, x = np.indices((SIDE, SIDE)) % period - period / 2
    return x**2 + y**2 < (rng.uniform(0.15, 0.4) * period) ** 2


def _mask_blobs(rng: np.random.Generator) -> np.ndarray:
    return random_noise(rng, 0, 8) > rng.uniform(-0.3, 1.0)


def _two_colored(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    first, second = dye(rng), dye(rng)
    return np.where(mask[..., None], first, second)


def _plaid(rng: np.random.Generator) -> np.ndarray:
    stripes = [_mask_stripes(rng).astype(np.float32) for _ in range(2)]
    base, a, b = dye(rng), dye(rng), dye(rng)
    tile = base + 0.5 * stripes[0][..., None] * (a - base)
    return tile + 0.5 * stripes[1].T[..., None] * (b - tile)


def _print(rng: np.random.Generator) -> np.ndarray:
    """Shapes of several colors: flowers, letters and camouflage alike."""
    tile = np.tile(dye(rng).astype(np.float32), (SIDE, SIDE, 1))
    for _ in range(int(rng.integers(2, 14))):
        color, center = dye(rng).tolist(), tuple(int(i) for i in rng.integers(0, SIDE, 2))
        size, kind = int(rng.integers(4, 32)), rng.uniform()
        if kind < 0.45:
            axes = size, int(rng.integers(3, size + 2))
            cv2.ellipse(tile, center, axes, float(rng.uniform(0, 180)), 0, 360, color, -1)
        elif kind < 0.7:
            text = ''.join(chr(int(i)) for i in rng.integers(65, 91, int(rng.integers(1, 6))))
            place = int(center[0] * 0.5), center[1]
            ink = np.zeros(tile.shape[:2], np.uint8)  # OpenCV 5 writes on no other kind
            cv2.putText(ink, text, place, 2, size / 22, 1, 1 + size // 12)
            tile[ink > 0] = color
        else:
            end = tuple(int(i) for i in rng.integers(0, SIDE, 2))
            cv2.line(tile, center, end, color, max(1, size // 4), cv2.LINE_AA)
    return tile


def fabric(rng: np.random.Generator) -> Material:
    """Draw the cloth of a garment: plain, striped, checked, printed, denim."""
    kind = rng.uniform()
    if kind < 0.42:
        tile = np.broadcast_to(dye(rng), (SIDE, SIDE, 3))
    elif kind < 0.56:
        mask = _mask_stripes(rng)
        tile = _two_colored(rng, mask if rng.uniform() < 0.7 else mask.T)
    elif kind < 0.66:
        tile = _plaid(rng)
    elif kind < 0.71:
        tile = _two_colored(rng, _mask_checks(rng))
    elif kind < 0.77:
        tile = _two_colored(rng, _mask_dots(rng))
    elif kind < 0.85:
        tile = _two_colored(rng, _mask_blobs(rng))
    else:
        tile = _print(rng)
    tile = _shaded(tile, 1 + rng.uniform(0.02, 0.1) * random_noise(rng))
    bump, gloss = rng.uniform(0.05, 0.28), 0.16 * rng.uniform() ** 3
    return Material(tile, WRAPPED, rng.uniform(0.22, 0.7), bump, gloss)


def trouser_fabric(rng: np.random.Generator) -> Material:
    """Draw the cloth of trousers: denim and plain dark colors more often than prints."""
    if rng.uniform() < 0.25:
        return fabric(rng)
    if rng.uniform() < 0.4:
        color = np.array([0.17, 0.23, 0.38]) * rng.uniform(0.5, 2.2)
        tile = plain(rng, color, 0.12)
    else:
        tile = plain(rng, dye(rng) * rng.uniform(0.3, 1.0), 0.05)
    return Material(tile, WRAPPED, rng.uniform(0.3, 0.7), rng.uniform(0.05, 0.25), 0.01)
