"""Procedural textures: floors, walls and skies, as small float32 RGB tiles in 0..255.

All tiles are square, `SIDE` texels, except the sky, which is a panorama: columns are the azimuth
over the full circle, rows the elevation from `SKY_TOP_DEG` down to 0.
"""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 256
SKY_SHAPE = (256, 2048)
SKY_TOP_DEG = 70.0

INDOOR_FLOORS = ('planks', 'checker', 'carpet', 'plain')
OUTDOOR_FLOORS = ('grass', 'asphalt', 'slabs', 'sand')


def noise(rng: np.random.Generator, shape: tuple[int, int], octaves: int = 5) -> np.ndarray:
    """Return tileable cloudy noise (rows, columns) float32 of zero mean and unit deviation."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cells = 4 << octave
        grid = rng.standard_normal((cells, cells), np.float32)
        grid = np.pad(grid, 2, mode='wrap')
        scale = shape[0] / cells, shape[1] / cells
        size = round((cells + 4) * scale[1]), round((cells + 4) * scale[0])
        big = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
        top, left = round(2 * scale[0]), round(2 * scale[1])
        total += big[top : top + shape[0], left : left + shape[1]] * 0.6**octave
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def muted_color(
    rng: np.random.Generator, low: float, high: float, chroma: float = 30.0
) -> np.ndarray:
    """Return a color (3,) of brightness low..high with little saturation, 0..255."""
    return np.clip(rng.uniform(low, high) + rng.uniform(-chroma, chroma, 3) / 2, 0, 255)


def _tinted(color: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Multiply a color (3,) by a brightness (h, w); float32 (h, w, 3)."""
    return np.clip(color * brightness[..., None], 0, 255).astype(np.float32)


def _planks(rng: np.random.Generator) -> np.ndarray:
    wood = np.array([165, 122, 82]) * rng.uniform(0.55, 1.2)
    rows, columns = np.indices((SIDE, SIDE))
    plank = columns // 32
    tone = 1 + 0.10 * rng.standard_normal(8)[plank]
    grain = noise(rng, (SIDE, SIDE))[(rows // 6) % SIDE, columns]
    seams = (columns % 32 < 2) | ((rows + plank * 97) % 192 < 2)
    return _tinted(wood, (tone + 0.05 * grain) * np.where(seams, 0.62, 1.0))


def _checker(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.indices((SIDE, SIDE))
    dark = (rows // 64 + columns // 64) % 2 == 0
    contrast = rng.uniform(0.55, 0.95)
    brightness = np.where(dark, contrast, 1.0) + 0.03 * noise(rng, (SIDE, SIDE))
    brightness[(rows % 64 < 2) | (columns % 64 < 2)] *= 0.75
    return _tinted(muted_color(rng, 140, 225), brightness)


def _slabs(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.indices((SIDE, SIDE))
    joints = (rows % 64 < 3) | ((columns + 32 * (rows // 64 % 2)) % 64 < 3)
    brightness = np.where(joints, 0.7, 1.0) + 0.06 * noise(rng, (SIDE, SIDE))
    return _tinted(muted_color(rng, 120, 190, 16), brightness)


def _mottled(rng: np.random.Generator, color: np.ndarray, contrast: float) -> np.ndarray:
    fine = rng.standard_normal((SIDE, SIDE), np.float32)
    return _tinted(color, 1 + contrast * (0.7 * noise(rng, (SIDE, SIDE)) + 0.5 * fine))


def floor_tile(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Draw a floor (SIDE, SIDE, 3).

    Args:
        rng: source of randomness.
        kind: a name of `INDOOR_FLOORS` or `OUTDOOR_FLOORS`.
    """
    if kind == 'planks':
        return _planks(rng)
    if kind == 'checker':
        return _checker(rng)
    if kind == 'slabs':
        return _slabs(rng)
    grounds = {
        'carpet': (muted_color(rng, 60, 170, 70), 0.07),
        'plain': (muted_color(rng, 110, 210, 24), 0.025),
        'grass': (np.array([92, 128, 58]) * rng.uniform(0.7, 1.2), 0.14),
        'asphalt': (muted_color(rng, 70, 120, 8), 0.08),
        'sand': (np.array([205, 182, 140]) * rng.uniform(0.8, 1.1), 0.05),
    }
    return _mottled(rng, *grounds[kind])


def wall_tile(rng: np.random.Generator) -> np.ndarray:
    """Draw 4 m x 4 m of wall (SIDE, SIDE, 3), bottom row at the floor: paint, pictures, a door."""
    brightness = 1 + rng.uniform(0.01, 0.05) * noise(rng, (SIDE, SIDE))
    if rng.uniform() < 0.25:
        bricks = SIDE // 32
        rows, columns = np.indices((SIDE, SIDE))
        joints = (rows % bricks < 1) | ((columns + 8 * (rows // bricks % 2)) % 16 < 1)
        brightness *= np.where(joints, 1.15, 1.0)
    tile = _tinted(muted_color(rng, 90, 235, 44), brightness)
    for _ in range(int(rng.integers(0, 5))):
        width, height = rng.integers(18, 70, 2)
        x, y = int(rng.integers(0, SIDE - width)), int(rng.integers(70, 190 - height))
        frame, inside = muted_color(rng, 20, 250, 40), muted_color(rng, 30, 230, 160)
        cv2.rectangle(tile, (x, y), (x + int(width), y + int(height)), frame.tolist(), -1)
        inner = (x + 3, y + 3), (x + int(width) - 3, y + int(height) - 3)
        cv2.rectangle(tile, *inner, inside.tolist(), -1)
    if rng.uniform() < 0.4:
        x = int(rng.integers(0, SIDE - 64))
        cv2.rectangle(tile, (x, 122), (x + 60, SIDE), muted_color(rng, 50, 240, 50).tolist(), -1)
    if rng.uniform() < 0.7:
        tile[-6:] = muted_color(rng, 60, 245, 20)
    return tile


def stock_tile(rng: np.random.Generator, images: tuple[np.ndarray, ...]) -> np.ndarray:
    """Cut a tile (SIDE, SIDE, 3) from one of several images (H, W, 3) and mirror it, so that it
    repeats without seams."""
    image = images[int(rng.integers(len(images)))]
    side = int(rng.uniform(0.4, 1.0) * min(image.shape[:2]))
    top, left = (int(rng.integers(n - side + 1)) for n in image.shape[:2])
    part = np.ascontiguousarray(image[top : top + side, left : left + side])
    part = cv2.resize(part, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    part = np.concatenate([part, part[::-1]])
    tint = rng.uniform(0.6, 1.2) * rng.uniform(0.85, 1.15, 3)
    tile = np.concatenate([part, part[:, ::-1]], axis=1) * tint
    return np.clip(tile, 0, 255).astype(np.float32)


def _skyline(rng: np.random.Generator, sky: np.ndarray) -> None:
    """Draw houses or trees at the foot of a panorama (rows, columns, 3) uint8, in place."""
    rows, columns = sky.shape[:2]
    trees = rng.uniform() < 0.5
    for _ in range(int(rng.integers(20, 70))):
        x, width = int(rng.integers(columns)), int(rng.integers(20, 100))
        tall = int(rng.integers(8, 55))
        if trees:
            green = (np.array([66, 92, 54]) * rng.uniform(0.6, 1.3)).tolist()
            for _ in range(4):
                dx, dy = rng.normal(0, (0.3 * width, 0.2 * tall))
                center = int(x + dx), int(rows - 0.5 * tall + dy)
                axes = int(0.5 * width), int(0.55 * tall)
                cv2.ellipse(sky, center, axes, 0, 0, 360, green, -1, cv2.LINE_AA)
        else:
            wall = muted_color(rng, 80, 190, 40)
            cv2.rectangle(sky, (x, rows - int(1.4 * tall)), (x + width, rows), wall.tolist(), -1)
            for row in range(rows - int(1.4 * tall) + 4, rows - 4, 9):
                for column in range(x + 4, x + width - 6, 9):
                    pane = (column, row), (column + 4, row + 4)
                    cv2.rectangle(sky, *pane, (0.6 * wall).tolist(), -1)


def sky_panorama(rng: np.random.Generator) -> np.ndarray:
    """Draw a sky (SKY_SHAPE, 3) with clouds above a skyline of houses or trees."""
    rows, columns = SKY_SHAPE
    height = np.linspace(1, 0, rows, dtype=np.float32)[:, None, None]
    zenith = np.array([86, 138, 205]) * rng.uniform(0.7, 1.15)
    horizon = np.array([205, 220, 235]) * rng.uniform(0.85, 1.05)
    sky = (horizon + (zenith - horizon) * height**0.6).astype(np.float32)
    cover = noise(rng, (rows // 4, columns // 4), 4) * 0.5 + rng.uniform(-0.6, 0.7)
    cover = cv2.resize(cover, (columns, rows), interpolation=cv2.INTER_LINEAR)
    clouds = np.clip(cover, 0, 1)[..., None]
    sky = sky + clouds * (np.float32(rng.uniform(190, 245)) - sky)
    sky = np.ascontiguousarray(np.clip(sky, 0, 255).astype(np.uint8))
    _skyline(rng, sky)
    return cv2.GaussianBlur(sky, (0, 0), 0.8).astype(np.float32)
