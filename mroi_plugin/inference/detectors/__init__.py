"""Who is in a photo: boxes of persons from the user, from OpenCV or from a detection network.

A detector is any callable from a `Photo` to boxes (n, 4) x, y, w, h px, tight, and scores (n),
registered in ``DETECTORS``.
"""

from mroi_plugin.inference.detectors.given import GivenBoxes
from mroi_plugin.inference.detectors.hog import HOGDetector
from mroi_plugin.inference.detectors.hugging_face import HuggingFaceDetector

__all__ = ['GivenBoxes', 'HOGDetector', 'HuggingFaceDetector']
