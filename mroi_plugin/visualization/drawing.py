"""Marks on pictures: RoIs, 2D joints, captions, and rows of pictures. Images are RGB uint8."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mroi_plugin.utils.atomic_files import write_atomically

ROI_COLORS = ((230, 57, 70), (29, 120, 180), (42, 157, 90), (244, 162, 30), (145, 80, 190))
"""RGB of RoI 0, 1, ...; repeated when there are more."""

LIMBS = (
    *((0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (6, 9), (7, 10), (8, 11)),
    *((9, 12), (9, 13), (9, 14), (12, 15), (13, 16), (14, 17), (16, 18), (17, 19), (18, 20)),
    *((19, 21), (20, 22), (21, 23)),
)
"""Pairs of the first 24 joints (SMPL's own) that a bone connects."""

MAX_ASPECT = 6
"""Width of a picture in heights, in a row of pictures."""
_SHIFT = 4
BAR_LENGTHS_M = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def _fixed(points: np.ndarray) -> np.ndarray:
    """Pixels as OpenCV's fixed-point integers, so that marks lie at subpixel positions."""
    return np.rint(np.clip(points, -1e5, 1e5) * (1 << _SHIFT)).astype(np.int32)


def _pen(image: np.ndarray) -> int:
    """Line width, px, that reads well on an image of this size."""
    return max(1, round(max(image.shape[:2]) / 320))


def roi_corners(roi: np.ndarray, principal_point: np.ndarray, crop_size: tuple) -> np.ndarray:
    """Return the corners (4, 2) of a RoI, px of the image, clockwise from the top left.

    Args:
        roi: (3,), center relative to the principal point and side `b` of the longer side, px.
        principal_point: (2,) px.
        crop_size: (w, h) of the crop, px.
    """
    size = np.asarray(crop_size, np.float64) / max(crop_size) * roi[2]
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return np.asarray(principal_point) + np.asarray(roi[:2]) + signs * size / 2


def draw_rois(
    image: np.ndarray, rois: np.ndarray, principal_point: np.ndarray, crop_size: tuple
) -> np.ndarray:
    """Return a copy of an image (H, W, 3) with its M RoIs outlined, RoI 0 on top.

    Args:
        rois: (M, 3), centers relative to the principal point and sides, px.
        principal_point: (2,) px.
        crop_size: (w, h) of the crops, px.
    """
    out = image.copy()
    for index in reversed(range(len(rois))):
        corners = _fixed(roi_corners(rois[index], principal_point, crop_size))
        width = _pen(image) + (index == 0)
        color = ROI_COLORS[index % len(ROI_COLORS)]
        cv2.polylines(out, [corners], True, color, width, cv2.LINE_AA, _SHIFT)
    return out


def draw_joints(
    image: np.ndarray,
    joints: np.ndarray,
    color: Sequence[int] = (255, 210, 40),
    limbs: Sequence[tuple[int, int]] = LIMBS,
) -> np.ndarray:
    """Return a copy of an image with 2D joints and bones drawn.

    Args:
        image: (H, W, 3).
        joints: (K, 2) px, or (K, 3) with a confidence; joints of confidence 0 are left out.
        color: RGB of the joints.
        limbs: pairs of joint indices; pairs beyond K are left out.
    """
    out = image.copy()
    joints = np.asarray(joints, np.float64)
    shown = np.isfinite(joints[:, :2]).all(1)
    if joints.shape[1] > 2:
        shown &= joints[:, 2] > 0
    points = _fixed(np.where(shown[:, None], joints[:, :2], 0))
    pen = _pen(image)
    for a, b in limbs:
        if max(a, b) < len(joints) and shown[a] and shown[b]:
            ends = tuple(map(int, points[a])), tuple(map(int, points[b]))
            cv2.line(out, *ends, (245, 245, 245), pen, cv2.LINE_AA, _SHIFT)
    for point in points[shown]:
        center = tuple(map(int, point))
        cv2.circle(out, center, (pen + 1) << _SHIFT, tuple(color), -1, cv2.LINE_AA, _SHIFT)
    return out


def draw_label(image: np.ndarray, text: str, height: int = 22) -> np.ndarray:
    """Return an image with a caption strip above it; long captions are set smaller, never cut.

    Args:
        image: (H, W, 3).
        text: the caption, one line.
        height: height of the strip, px.
    """
    strip = np.full((height, image.shape[1], 3), 28, np.uint8)
    size = 0.6 * height
    width = _font(round(size)).getlength(text)
    size *= min(1.0, (image.shape[1] - 8) / max(width, 1))
    middle = image.shape[1] / 2, height / 2
    return np.concatenate([draw_text(strip, text, middle, size, (240, 240, 240), 'mm'), image])


def draw_text(
    image: np.ndarray,
    text: str,
    at: Sequence[float],
    size: float,
    color: tuple[int, ...],
    anchor: str = 'lm',
) -> np.ndarray:
    """Return a copy of an image with a text on it, in any script that DejaVu Sans has.

    Args:
        image: (H, W, 3).
        text: one line.
        at: (x, y) px of the anchor.
        size: of the font, px.
        color: RGB.
        anchor: of Pillow: ``lm`` is the middle of the left side, ``mm`` the middle.
    """
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text(tuple(at), text, color, _font(max(1, int(size))), anchor)
    return np.array(picture)


def draw_scale(picture: np.ndarray, meters_per_px: float) -> np.ndarray:
    """Return a picture with a bar of a round length, a third of it at most, and its length."""
    height, width = picture.shape[:2]
    picture = picture.copy()
    fitting = [length for length in BAR_LENGTHS_M if length <= width * meters_per_px / 3]
    length = fitting[-1] if fitting else BAR_LENGTHS_M[0]
    left, bottom, pen = height // 24, height - height // 16, max(1, height // 160)
    right = left + round(length / meters_per_px)
    for ends in (
        ((left, bottom), (right, bottom)),
        *(((x, bottom - 2 * pen), (x, bottom + 2 * pen)) for x in (left, right)),
    ):
        cv2.line(picture, *ends, (90, 90, 90), pen, cv2.LINE_AA)
    return draw_text(picture, f'{length:g} m', (right + 4 * pen, bottom), height // 24, (90,) * 3)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib."""
    import matplotlib

    return ImageFont.truetype(f'{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf', size)


def fit_height(image: np.ndarray, height: int) -> np.ndarray:
    """Scale an image (H, W, 3) to a height in px, keeping its shape; one that would be wider than
    ``MAX_ASPECT`` heights is that wide, with bars above and below."""
    scale = min(height / image.shape[0], MAX_ASPECT * height / image.shape[1])
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    scaled = cv2.resize(
        image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    above = (height - scaled.shape[0]) // 2
    return np.pad(scaled, ((above, height - scaled.shape[0] - above), (0, 0), (0, 0)))


def stack_row(images: Sequence[np.ndarray], gap: int = 4, fill: int = 28) -> np.ndarray:
    """Put pictures of one height side by side, with gaps of `gap` px."""
    space = np.full((images[0].shape[0], gap, 3), fill, np.uint8)
    parts = [part for image in images for part in (space, image)]
    return np.concatenate(parts[1:], axis=1)


def stack_rows(rows: Sequence[np.ndarray], gap: int = 4, fill: int = 28) -> np.ndarray:
    """Put rows below each other, centered and padded to the width of the widest."""
    width = max(row.shape[1] for row in rows)
    parts: list[np.ndarray] = []
    for row in rows:
        left = (width - row.shape[1]) // 2
        sides = ((0, gap), (left, width - row.shape[1] - left), (0, 0))
        parts.append(np.pad(row, sides, constant_values=fill))
    return np.concatenate(parts)[:-gap]


def write_image(path: str | os.PathLike, image: np.ndarray) -> Path:
    """Write an RGB picture so that a half-written file never carries its name.

    Raises:
        OSError: if the picture cannot be encoded or written.
    """
    path = Path(path)
    ok, data = cv2.imencode(path.suffix, image[..., ::-1])
    if not ok:
        raise OSError(f'{path}: cannot encode a picture of shape {image.shape} as {path.suffix}')
    write_atomically(data.tobytes(), path)
    return path
