"""Any object-detection network of Hugging Face's transformers."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.registry import DETECTORS, register

PERSON = 'person'


@register(DETECTORS)
class HuggingFaceDetector:
    """Persons found by a ``transformers`` model for object detection.

    Args:
        model: folder of a saved model with its image processor, or a name that ``transformers``
            downloads, e.g. ``PekingU/rtdetr_r50vd``.
        threshold: least score.
        device: of torch.

    Raises:
        ImportError: if ``transformers`` is not installed.
        ValueError: if the model has no class *person*.
    """

    def __init__(self, model: str, threshold: float = 0.5, device: str = 'cpu') -> None:
        try:
            from transformers import AutoImageProcessor, AutoModelForObjectDetection
        except ImportError as error:
            raise ImportError(
                f'HuggingFaceDetector needs transformers ({error}): pip install '
                "'mroi_plugin[transformers]', or take another detector."
            ) from error
        self.processor = AutoImageProcessor.from_pretrained(model)
        self.model = AutoModelForObjectDetection.from_pretrained(model).to(device).eval()
        self.threshold, self.device = threshold, device
        names = self.model.config.id2label
        self.persons = {int(i) for i, name in names.items() if str(name).lower() == PERSON}
        if not self.persons:
            raise ValueError(f'{model} has no class {PERSON!r} among its {len(names)} classes.')

    @torch.inference_mode()
    def __call__(self, image: InputImage) -> tuple[np.ndarray, np.ndarray]:
        """Tight boxes (n, 4) x, y, w, h px and scores (n), the best first."""
        pixels = image.pixels()
        given = self.processor(images=Image.fromarray(pixels), return_tensors='pt').to(self.device)
        found = self.processor.post_process_object_detection(
            self.model(**given), threshold=self.threshold, target_sizes=[pixels.shape[:2]]
        )[0]
        labels, scores = found['labels'].cpu().numpy(), found['scores'].cpu().numpy()
        chosen = np.flatnonzero([label in self.persons for label in labels.tolist()])
        chosen = chosen[np.argsort(-scores[chosen])]
        corners = found['boxes'].cpu().numpy().astype(np.float64)[chosen]
        return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]), scores[chosen]
