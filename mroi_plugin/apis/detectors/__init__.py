"""Boxes of people from the user or from a detection network.

A detector is any callable from an `InputImage` to boxes (n, 4) x, y, w, h px, tight, and scores
(n), registered in ``DETECTORS``.
"""

from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.detectors.hugging_face import HuggingFaceDetector
from mroi_plugin.apis.detectors.nanodet import NanoDetDetector

__all__ = [
    'GivenBoxes',
    'HuggingFaceDetector',
    'NanoDetDetector',
]
