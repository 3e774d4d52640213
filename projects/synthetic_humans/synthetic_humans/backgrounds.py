"""Backgrounds without a place in the world: stock images, noise, gradients, heaps of shapes."""

from __future__ import annotations

import cv2
import numpy as np

from synthetic_humans.materials import NOISE, dye, fabric, random_noise
from synthetic_humans.stock_images import load_stock_images


def _noise_field(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw clouds between colors (H, W, 3) float32, 0..1."""
    image = np.zeros((len(NOISE[0]),) * 2 + (3,), np.float32) + dye(rng).astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cover = np.clip(0.5 + rng.uniform(0.2, 1.2) * random_noise(rng), 0, 1)[..., None]
        image = image * (1 - cover) + dye(rng).astype(np.float32) * cover
    zoom = rng.uniform(0.3, 1.0)
    part = image[: max(8, int(zoom * len(image))), : max(8, int(zoom * len(image)))]
    return cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)


def _gradient(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw a smooth change between four colors."""
    corners = np.stack([dye(rng) for _ in range(4)]).reshape(2, 2, 3).astype(np.float32)
    return cv2.resize(corners, size, interpolation=cv2.INTER_LINEAR)


def _tiled(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw a pattern of cloth or tiles, seen obliquely."""
    texture = fabric(rng).texture
    big = np.tile(texture, (5, 5, 1))
    corners = rng.uniform(0, len(big) - 1, (4, 2)).astype(np.float32)
    edges = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    center = corners.mean(0)
    corners = center + (edges - edges.mean(0)) * rng.uniform(0.4, 1.6) + 0.1 * (corners - center)
    warp = cv2.getPerspectiveTransform(edges, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(big, warp, size, flags=flags, borderMode=cv2.BORDER_WRAP)


def _stock_image(
    rng: np.random.Generator, size: tuple[int, int], images: tuple[np.ndarray, ...]
) -> np.ndarray:
    """Cut a part of a stock image, mirrored and tinted."""
    source = images[int(rng.integers(len(images)))]
    limit = min(source.shape[1] / size[0], source.shape[0] / size[1])
    zoom = limit * rng.uniform(0.35, 1.0)
    w, h = int(size[0] * zoom), int(size[1] * zoom)
    x, y = int(rng.integers(source.shape[1] - w + 1)), int(rng.integers(source.shape[0] - h + 1))
    part = source[y : y + h, x : x + w, ::1]
    if rng.uniform() < 0.5:
        part = part[:, ::-1]
    image = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA) / 255.0
    gain = rng.uniform(0.5, 1.3) * rng.uniform(0.8, 1.2, 3)
    return np.clip(image * gain, 0, 1).astype(np.float32)


def _add_shapes(rng: np.random.Generator, image: np.ndarray) -> None:
    """Paint rectangles, ellipses, lines and pieces of cloth over an image, in place."""
    h, w = image.shape[:2]
    for _ in range(int(rng.integers(2, 30))):
        x, y = int(rng.integers(w)), int(rng.integers(h))
        size = (rng.uniform(0.02, 0.35, 2) * (w, h)).astype(int) + 2
        color, kind = dye(rng).tolist(), rng.uniform()
        if kind < 0.4:
            cv2.rectangle(image, (x, y), (x + int(size[0]), y + int(size[1])), color, -1)
        elif kind < 0.6:
            axes = int(size[0]) // 2, int(size[1]) // 2
            cv2.ellipse(image, (x, y), axes, rng.uniform(0, 180), 0, 360, color, -1, cv2.LINE_AA)
        elif kind < 0.75:
            end = int(rng.integers(w)), int(rng.integers(h))
            cv2.line(image, (x, y), end, color, int(rng.integers(1, 14)), cv2.LINE_AA)
        else:
            patch = image[y : y + int(size[1]), x : x + int(size[0])]
            patch[:] = cv2.resize(fabric(rng).texture, patch.shape[1::-1])


def sample_background(
    rng: np.random.Generator, size: tuple[int, int], reserved: bool
) -> np.ndarray:
    """Draw a background (H, W, 3) float32, RGB in 0..1.

    Args:
        rng: source of randomness.
        size: (W, H), px.
        reserved: use the stock images of the test split instead of those of training.
    """
    stock, kind = load_stock_images(reserved), rng.uniform()
    if kind < 0.36 and stock:
        image = _stock_image(rng, size, stock)
    elif kind < 0.58:
        image = _noise_field(rng, size)
    elif kind < 0.74:
        image = _gradient(rng, size)
    else:
        image = _tiled(rng, size)
    image = np.ascontiguousarray(image)
    if rng.uniform() < 0.5:
        _add_shapes(rng, image)
    if rng.uniform() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 3.5)))
    return np.clip(image, 0, 1)
