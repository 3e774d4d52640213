"""The persons of a whole run in the form of COCO's results."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.structures.results import ImageResult, InstanceResult, require_finite
from mroi_plugin.utils.atomic_files import write_text

PERSON_CATEGORY = 1


def write_coco(results: Iterable[ImageResult], path: str | os.PathLike[str]) -> Path:
    """Write COCO-style results: a list of ``image_id``, ``file_name``, ``category_id``, ``bbox`` x,
    y, w, h px, ``score`` and ``keypoints``, COCO's 17 as x, y px and visibility.

    ``image_id`` is the number of the image among the results, of which one that failed is none. A
    joint is visible (2) within the image; joints that the model lacks are 0, 0, 0.

    Raises:
        ValueError: if a number of a result is not finite; nothing is written.
    """
    results = list(results)
    for result in results:
        require_finite(result)
    entries = [
        _entry(result, instance, i)
        for i, result in enumerate(results)
        for instance in result.instances
    ]
    write_text(path, json.dumps(entries, indent=1, allow_nan=False) + '\n')
    return Path(path)


def _entry(result: ImageResult, instance: InstanceResult, number: int) -> dict[str, Any]:
    return {
        'image_id': number,
        'file_name': result.name,
        'category_id': PERSON_CATEGORY,
        'bbox': [round(float(x), 2) for x in instance.bbox],
        'score': round(float(instance.score), 5),
        'keypoints': _keypoints(result, instance),
    }


def _keypoints(result: ImageResult, instance: InstanceResult) -> list[float]:
    pixels, flat = instance.joints2d, []
    known = {name: i for i, name in enumerate(result.joint_names)}
    for name in keypoint_names('coco'):
        if name not in known:
            flat += [0, 0, 0]
            continue
        x, y = (round(float(v), 2) for v in pixels[known[name]])
        inside = 0 <= x <= result.size[0] - 1 and 0 <= y <= result.size[1] - 1
        flat += [x, y, 2 if inside else 0]
    return flat
