"""OpenCV's own people detector: no weights to fetch, for upright persons seen whole."""

from __future__ import annotations

import cv2
import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.registry import DETECTORS, register

WINDOW = (64, 128)
"""(w, h) px of the detector."""
PERSON_SHARE = (0.5, 0.75)
"""Part of the window's width and height that a person fills; the rest is margin."""


@register(DETECTORS)
class HOGDetector:
    """Histograms of oriented gradients with OpenCV's default people classifier.

    Images are scaled to ``longest_side``; overlapping windows are merged, the better one kept.

    Args:
        threshold: least distance from the classifier's margin.
        longest_side: px.
        overlap: intersection over union from which on two windows are one person.
    """

    def __init__(
        self, threshold: float = 0.8, longest_side: int = 640, overlap: float = 0.3
    ) -> None:
        self.threshold, self.longest_side, self.overlap = threshold, longest_side, overlap
        self.hog = cv2.HOGDescriptor()
        self.hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())

    def __call__(self, image: InputImage) -> tuple[np.ndarray, np.ndarray]:
        """Tight boxes (n, 4) x, y, w, h px and scores (n) in 0..1, the best first."""
        pixels = image.pixels()
        gain = self.longest_side / max(pixels.shape[:2])
        if gain * min(pixels.shape[:2]) < WINDOW[0]:  # smaller than one window
            return np.zeros((0, 4)), np.zeros(0)
        size = [max(1, round(side * gain)) for side in pixels.shape[1::-1]]
        gray = cv2.cvtColor(cv2.resize(pixels, size), cv2.COLOR_RGB2GRAY)
        margin = WINDOW[0] // 2
        gray = cv2.copyMakeBorder(gray, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
        windows, margins = self.hog.detectMultiScale(gray, winStride=(8, 8), scale=1.05)
        windows = np.asarray(windows, np.float64).reshape(-1, 4) - [margin, margin, 0, 0]
        keep = self._best(windows, np.asarray(margins, np.float64).ravel())
        boxes = _tight(windows[keep]) / gain
        return boxes, 1 / (1 + np.exp(-np.asarray(margins, np.float64).ravel()[keep]))

    def _best(self, windows: np.ndarray, margins: np.ndarray) -> list[int]:
        if not len(windows):
            return []
        chosen = cv2.dnn.NMSBoxes(windows.tolist(), margins.tolist(), self.threshold, self.overlap)
        return np.asarray(chosen, int).ravel().tolist()


def _tight(windows: np.ndarray) -> np.ndarray:
    """Boxes of the persons in windows (n, 4), x, y, w, h."""
    size = windows[:, 2:] * PERSON_SHARE
    return np.hstack([windows[:, :2] + (windows[:, 2:] - size) / 2, size])
