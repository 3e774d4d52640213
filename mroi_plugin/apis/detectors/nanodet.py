"""The detector whose weights come with the package, run by OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.datasets.pixel_checks import MIN_BOX_PX
from mroi_plugin.registry import DETECTORS, register

MODEL = Path(__file__).parents[2] / 'assets' / 'models' / 'person_detector.onnx'
SIDE = 416
"""Width and height, px, of the network's input."""
MIN_ASPECT = 1.2
"""Ratio of an image's sides from which on the squares at its ends are seen, too."""
CUT = 0.05
"""Distance from a square's inner side, of its width, within which a box counts as cut."""


@register(DETECTORS)
class NanoDetDetector:
    """Persons found by NanoDet-g, on the CPU.

    The network sees the whole image and, unless that is nearly square, the squares at both of its
    ends, where persons are larger. A cell counts if no other class of COCO is likelier there.

    Args:
        score_threshold: least score, 0..1.
        nms_threshold: intersection over union above which two boxes are one person.

    Raises:
        ImportError: if OpenCV is older than 4.7.
        ValueError: if a threshold is not between 0 and 1.
    """

    def __init__(self, score_threshold: float = 0.5, nms_threshold: float = 0.5) -> None:
        for name, value in (('score', score_threshold), ('nms', nms_threshold)):
            if not 0 <= value <= 1:
                raise ValueError(f'{name}_threshold={value}: expected a number from 0 to 1.')
        self.score_threshold, self.nms_threshold = score_threshold, nms_threshold
        try:
            self.net = cv2.dnn.readNetFromONNX(str(MODEL))
        except cv2.error as error:
            raise ImportError(
                f'NanoDetDetector: OpenCV {cv2.__version__} cannot read {MODEL}; expected 4.7 or '
                'newer: update OpenCV, give boxes, or take another detector.'
            ) from error

    def __call__(self, image: InputImage) -> tuple[np.ndarray, np.ndarray]:
        """Tight boxes (n, 4) x, y, w, h px, within the image, and scores (n), the best first."""
        pixels = image.pixels()
        parts = [self._see_window(pixels, window) for window in windows(pixels.shape[1::-1])]
        corners, scores = (np.concatenate(values) for values in zip(*parts))
        boxes = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
        thresholds = self.score_threshold, self.nms_threshold
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), *thresholds)
        kept = np.asarray(kept, int).ravel()
        return boxes[kept], scores[kept]

    def _see_window(self, pixels: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners (n, 4) x1, y1, x2, y2 px of the image, and scores (n), of persons in a window
        that it does not cut."""
        start, end, size = window[:2], window[2:], np.array(pixels.shape[1::-1])
        corners, scores = self._see(pixels[start[1] : end[1], start[0] : end[0]])
        corners = np.clip(corners + np.tile(start, 2), np.tile(start, 2), np.tile(end, 2))
        margin = CUT * (end - start)
        cut = (start > 0) & (corners[:, :2] < start + margin)
        cut |= (end < size) & (corners[:, 2:] > end - margin)
        kept = ~cut.any(1) & (corners[:, 2:] - corners[:, :2] >= MIN_BOX_PX).all(1)
        return corners[kept], scores[kept]

    def _see(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners (n, 4) px and scores (n) of what the network takes for persons."""
        height, width = pixels.shape[:2]
        gain = SIDE / max(height, width)
        shape = np.maximum(np.rint(np.array([width, height]) * gain).astype(int), 1)
        how = cv2.INTER_AREA if gain < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(pixels, shape.tolist(), interpolation=how)
        canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
        canvas[: shape[1], : shape[0]] = scaled
        self.net.setInput(cv2.dnn.blobFromImage(canvas, swapRB=True))  # B, G, R
        boxes, scores = self.net.forward(['boxes', 'scores'])
        person, other = scores.astype(np.float64).T
        kept = (person > self.score_threshold) & (person > other)
        return boxes[kept] / np.tile(shape / [width, height], 2), person[kept]


def windows(size: tuple[int, int]) -> np.ndarray:
    """Parts (n, 4) x1, y1, x2, y2 px of an image of a size (w, h) px that the network sees."""
    (width, height), side = size, min(size)
    found = [(0, 0, width, height)]
    if max(size) >= MIN_ASPECT * side:
        found += [(0, 0, side, side), (width - side, height - side, width, height)]
    return np.array(found)
