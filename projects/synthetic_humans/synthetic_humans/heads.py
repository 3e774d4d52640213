"""What heads look like: a painted face, the materials of hair and hats."""

from __future__ import annotations

import cv2
import numpy as np

from synthetic_humans.materials import DECAL, SIDE, Material, dye, random_noise

FACE_M = (-0.1, 0.58, 0.2, 0.22)
"""x, y, width and height of the painted face on the unposed template, m."""
SKINS = (
    (255, 219, 190),
    (240, 194, 160),
    (214, 160, 120),
    (170, 115, 80),
    (120, 78, 54),
    (82, 54, 40),
)
HAIRS = (
    *((30, 24, 20), (45, 34, 28), (62, 42, 28), (110, 76, 44), (196, 160, 100), (150, 146, 142)),
    *((120, 50, 26), (220, 216, 210)),
)


def pick_color(rng: np.random.Generator, palette: tuple) -> np.ndarray:
    """Draw a color (3,) in 0..1 near one of a palette."""
    color = np.asarray(palette[int(rng.integers(len(palette)))])
    return np.clip(color * rng.uniform(0.8, 1.12) + rng.normal(0, 6, 3), 6, 252) / 255


def _texel(x: float, y: float) -> tuple[int, int]:
    """Return the fixed-point texel (column, row), 4 bits, of a place on the face, m."""
    u, v = (x - FACE_M[0]) / FACE_M[2], 1 - (y - FACE_M[1]) / FACE_M[3]
    return round(u * SIDE * 16), round(v * SIDE * 16)


def _oval(tile: np.ndarray, x: float, y: float, size: tuple, color: np.ndarray, tilt: float = 0.0):
    """Fill an ellipse of half axes `size` m."""
    axes = round(size[0] / FACE_M[2] * SIDE * 16), round(size[1] / FACE_M[3] * SIDE * 16)
    color = np.asarray(color, float).tolist()
    cv2.ellipse(tile, _texel(x, y), axes, tilt, 0, 360, color, -1, cv2.LINE_AA, 4)


def face_material(
    rng: np.random.Generator, skin: np.ndarray, hair: np.ndarray, marks: dict[str, np.ndarray]
) -> Material:
    """Paint eyes, brows, nostrils, mouth, cheeks, sometimes a beard or glasses.

    Args:
        rng: source of randomness.
        skin, hair: (3,), colors in 0..1.
        marks: places of 'reye', 'leye' and 'nose' on the template, m.
    """
    tile = np.tile(skin.astype(np.float32), (SIDE, SIDE, 1))
    eye, nose = marks['leye'], marks['nose']
    mouth = nose[1] - 0.034 + rng.normal(0, 0.002)
    for sign in (-1, 1):
        _oval(tile, sign * 0.048, nose[1], (0.022, 0.02), skin * [1.0, 0.93, 0.92])
    tile = cv2.GaussianBlur(tile, (0, 0), 5)
    if rng.uniform() < 0.22:
        strength = rng.uniform(0.5, 1.0)
        beard = hair * strength + skin * (1 - strength)
        _oval(tile, 0, mouth - 0.012, (0.062, 0.048), beard)
        _oval(tile, 0, nose[1] + 0.035, (0.05, 0.045), skin)
        if rng.uniform() < 0.6:
            _oval(tile, 0, mouth + 0.014, (0.028, 0.008), beard)
        tile = cv2.GaussianBlur(tile, (0, 0), 1.5)
    lips = np.clip(skin * [0.82, 0.55, 0.55] * rng.uniform(0.7, 1.15) + [0.05, 0, 0], 0, 1)
    _oval(tile, 0, mouth, (rng.uniform(0.019, 0.026), rng.uniform(0.005, 0.009)), lips)
    if rng.uniform() < 0.3:
        _oval(tile, 0, mouth, (0.017, rng.uniform(0.002, 0.008)), skin * 0.25)
    for sign in (-1, 1):
        x, y = sign * eye[0], eye[1]
        _oval(tile, x, y - 0.001, (0.018, 0.012), skin * 0.78)
        _oval(tile, x, y, (0.0135, 0.0068), (0.74, 0.72, 0.70))
        _oval(tile, x, y, (0.0062, 0.0068), rng.uniform(0.03, 0.25, 3))
        brow = np.minimum(hair, skin * 0.6)
        _oval(tile, 1.12 * x, y + 0.019, (0.019, 0.0042), brow, sign * -8)
        _oval(tile, sign * 0.0085, nose[1] - 0.012, (0.0042, 0.0028), skin * 0.45)
    if rng.uniform() < 0.14:
        _glasses(rng, tile, eye)
    tile *= (1 + 0.03 * random_noise(rng))[..., None]
    tile[[0, -1]], tile[:, [0, -1]] = skin, skin
    return Material(np.clip(tile, 0, 1), DECAL, 1.0, 0.0, 0.05)


def _glasses(rng: np.random.Generator, tile: np.ndarray, eye: np.ndarray) -> None:
    """Paint sunglasses or a frame."""
    dark = rng.uniform(0.02, 0.25, 3)
    inner = None if rng.uniform() < 0.5 else tile.copy()
    for sign in (-1, 1):
        _oval(tile, sign * 1.08 * eye[0], eye[1] - 0.002, (0.026, 0.019), dark)
    cv2.line(tile, _texel(-0.1, eye[1]), _texel(0.1, eye[1]), dark.tolist(), 2, cv2.LINE_AA, 4)
    if inner is not None:
        mask = np.zeros((SIDE, SIDE), np.float32)
        for sign in (-1, 1):
            _oval(mask, sign * 1.08 * eye[0], eye[1] - 0.002, (0.023, 0.016), np.ones(1))
        tile[:] = np.where(mask[..., None] > 0.5, inner, tile)


def face_coords(template: np.ndarray) -> np.ndarray:
    """Return the coords (V, 4) of the painted face."""
    u = (template[:, 0] - FACE_M[0]) / FACE_M[2]
    v = 1 - (template[:, 1] - FACE_M[1]) / FACE_M[3]
    return np.stack([u, v, np.zeros(len(u)), np.zeros(len(u))], 1)


def hair_material(rng: np.random.Generator, color: np.ndarray) -> Material:
    """Draw hair: streaks along its fall."""
    tile = color * (1 + rng.uniform(0.1, 0.3) * random_noise(rng, 8, 16))[..., None]
    return Material(np.clip(tile, 0, 1).astype(np.float32), tile_m=0.25, bump=0.35, gloss=0.12)


def hat_material(rng: np.random.Generator) -> Material:
    """Draw the cloth of a hat."""
    tile = dye(rng) * (1 + 0.06 * random_noise(rng))[..., None]
    return Material(np.clip(tile, 0, 1).astype(np.float32), tile_m=0.25, bump=0.15)
