"""What a camera and a file do to an image: exposure, color, blur, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np

GRAY_SHARE = 0.04
"""Part of the images without color."""

_GRAIN = np.random.default_rng(7).standard_normal((640, 640)).astype(np.float32)


def _motion_kernel(rng: np.random.Generator) -> np.ndarray:
    """Draw a line (k, k) of random direction that sums to 1."""
    side = int(rng.choice([5, 7, 9]))
    kernel, angle = np.zeros((side, side), np.float32), rng.uniform(0, np.pi)
    reach = (side // 2) * np.array([np.cos(angle), np.sin(angle)])
    start, end = side // 2 - reach, side // 2 + reach
    cv2.line(kernel, tuple(map(round, start)), tuple(map(round, end)), 1.0, 1)
    return kernel / kernel.sum()


def _softened(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Blur an image by the lens, by motion, or by a low resolution."""
    kind = rng.uniform()
    if kind < 0.1:
        return cv2.filter2D(image, -1, _motion_kernel(rng), borderType=cv2.BORDER_REFLECT)
    if kind < 0.25:
        size, scale = image.shape[1::-1], rng.uniform(0.4, 0.85)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    sigma = rng.uniform(0.2, 0.7) if kind < 0.85 else rng.uniform(0.7, 1.8)
    return cv2.GaussianBlur(image, (0, 0), float(sigma))


def expose(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Take the picture (H, W, 3) uint8 RGB of what a camera sees.

    Args:
        rng: source of randomness.
        image: (H, W, 3) float32, RGB, 1 is white.
    """
    image = _softened(rng, image)
    gain = np.exp(rng.normal(0, 0.18)) * rng.uniform(0.9, 1.1, 3)
    image = np.clip(image * gain.astype(np.float32), 0, 1)
    image = cv2.pow(image, float(rng.uniform(0.7, 1.35)))
    contrast, level = rng.uniform(0.75, 1.15), rng.uniform(-0.06, 0.08)
    image = (image - 0.5) * np.float32(contrast) + np.float32(0.5 + level)
    gray = image.mean(2, keepdims=True)
    color = 0.0 if rng.uniform() < GRAY_SHARE else rng.uniform(0.6, 1.2)
    image = gray + np.float32(color) * (image - gray)
    h, w = image.shape[:2]
    strength = 0.05 * rng.uniform() ** 3
    channels = 1 if color == 0 or rng.uniform() < 0.5 else 3
    grain = []
    for _ in range(channels):
        top, left = rng.integers(0, 640 - h), rng.integers(0, 640 - w)
        grain.append(_GRAIN[top : top + h, left : left + w])
    image = image + np.float32(strength) * np.stack(grain, -1)
    return np.clip(255 * image + 0.5, 0, 255).astype(np.uint8)


def encode(rng: np.random.Generator, image: np.ndarray) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as the bytes of a JPEG file of random quality.

    Raises:
        RuntimeError: if OpenCV cannot encode it.
    """
    quality = int(rng.integers(40, 97))
    done, data = cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f'OpenCV could not encode a picture of shape {image.shape} as JPEG')
    return data.tobytes()
