"""Boxes that the user gives."""

from __future__ import annotations

import json
import os.path as osp
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.registry import DETECTORS, register

Boxes = Union[np.ndarray, Mapping[str, Any], str]


@register(DETECTORS)
class GivenBoxes:
    """Boxes of every image, by its name or the same for all.

    Args:
        boxes: (n, 4) x, y, w, h px, or (n, 5) with a score, for every image; a mapping of such
            arrays by the name of an image; or a COCO ``.json``: annotations with ``images``, or
            detections with ``file_name`` or ``image_id``. Images are found by their path, else by
            the end of it, else by the file's name, with or without its extension.

    Raises:
        ValueError: if they are of another form.
        FileNotFoundError: if there is no such file.
    """

    def __init__(self, boxes: Boxes) -> None:
        self.of_all: np.ndarray | None = None
        self.by_name: dict[str, np.ndarray] = {}
        if isinstance(boxes, str):
            self.by_name = read_coco_boxes(boxes)
        elif isinstance(boxes, Mapping):
            self.by_name = {str(name): _checked(rows, name) for name, rows in boxes.items()}
        else:
            self.of_all = _checked(boxes, 'boxes')

    def __call__(self, image: InputImage) -> tuple[np.ndarray, np.ndarray]:
        """Boxes and scores of one image; none where it is not named."""
        rows = self._find(image.name) if self.of_all is None else self.of_all
        scores = rows[:, 4] if rows.shape[1] == 5 else np.ones(len(rows))
        return rows[:, :4], scores

    def _find(self, name: str) -> np.ndarray:
        name = name.replace('\\', '/')
        base = name.rsplit('/', 1)[-1]
        for key in (name, base, osp.splitext(base)[0]):
            if key in self.by_name:
                return self.by_name[key]
        for key, rows in self.by_name.items():
            if name.endswith('/' + key) or key.endswith('/' + base):
                return rows
        return np.zeros((0, 4))


def _checked(rows: Any, name: str) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    rows = rows.reshape(0, 4) if rows.size == 0 else np.atleast_2d(rows)
    if rows.ndim != 2 or rows.shape[1] not in (4, 5):
        raise ValueError(
            f'boxes of {name!r}: an array of shape {rows.shape}; expected (n, 4) x, y, w, h in '
            'pixels, or (n, 5) with a score.'
        )
    return rows


def read_coco_boxes(path: str) -> dict[str, np.ndarray]:
    """Boxes (n, 5) x, y, w, h px and score of persons, by file name or image id.

    Args:
        path: COCO ``.json``; of other categories than 1, person, nothing is read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (boxes): no such file.')
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except ValueError as error:
        raise ValueError(f'{path} (boxes) is no JSON: {error}.') from error
    names, entries = {}, content
    try:
        if isinstance(content, dict):
            names = {image['id']: image['file_name'] for image in content.get('images', ())}
            entries = content['annotations']
        found: dict[str, list[list[float]]] = {}
        for entry in entries:
            if entry.get('category_id', 1) != 1:
                continue
            name = entry.get('file_name') or names.get(entry.get('image_id'), entry['image_id'])
            x, y, w, h = (float(value) for value in entry['bbox'])
            found.setdefault(str(name), []).append([x, y, w, h, float(entry.get('score', 1))])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f'{path} (boxes): {type(error).__name__} {error}; expected COCO annotations ("images" '
            'and "annotations") or detections (a list of "image_id" or "file_name", "bbox" as x, '
            'y, w, h, and "score").'
        ) from error
    return {name: _checked(rows, f'{path}, {name}') for name, rows in found.items()}
