#!/usr/bin/env python
"""How many of the people marked in real images the detector finds, and what else it finds.

The images are those of tests/data/real_images.json that are in a folder, and scikit-image's. A
person is found by a box of at least half the intersection over union.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data
from common import ROOT, parse, report, timing

from mroi_plugin.apis.detectors.nanodet import NanoDetDetector
from mroi_plugin.apis.detectors.overlap import intersection_over_union
from mroi_plugin.apis.inputs import InputImage, read_image
from mroi_plugin.utils.errors import report_user_errors

MARKS = ROOT / 'tests' / 'data' / 'real_images.json'
THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
OVERLAP = 0.5
INSIDE = 0.9
"""Share of a box in a part with unmarked people from which on it is not counted."""


def find_images(folder: Path | None) -> list[tuple[dict[str, Any], InputImage]]:
    """Marks and images that are there.

    Raises:
        ValueError: if a file is another one than the marked one.
        NotADirectoryError: if there is no such folder.
    """
    if folder and not folder.is_dir():
        raise NotADirectoryError(f'--images {folder}: no such folder.')
    found = []
    for marks in json.loads(MARKS.read_text()):
        own = Path(skimage.data.__file__).parent
        for path in (own / marks['file'], *(folder.rglob(marks['file']) if folder else ())):
            if not path.is_file():
                continue
            if hashlib.sha256(path.read_bytes()).hexdigest() != marks['sha256']:
                raise ValueError(f'{path} is not the file of {marks["source"]}.')
            found.append((marks, read_image(str(path))))
            break
    return found


def xywh(corners: Any) -> np.ndarray:
    """Boxes (n, 4) x, y, w, h of corners x1, y1, x2, y2."""
    corners = np.reshape(np.asarray(corners, np.float64), (-1, 4))
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])


def shares_inside(boxes: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Share (n) of boxes (n, 4) x, y, w, h that lies in a part (4)."""
    low = np.maximum(boxes[:, :2], part[:2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], part[:2] + part[2:])
    return np.clip(high - low, 0, None).prod(1) / boxes[:, 2:].prod(1)


def count(boxes: np.ndarray, marks: dict[str, Any]) -> tuple[list[float], int]:
    """Overlap with every person found, and number of boxes that are no person's.

    Boxes are taken in their order, each for the person that it overlaps most.
    """
    people = xywh([person['box'] for person in marks['people']])
    overlaps = intersection_over_union(people, boxes)
    found, others = {}, np.ones(len(boxes), bool)
    for column in range(len(boxes) if len(people) else 0):
        person = int(overlaps[:, column].argmax())
        if overlaps[person, column] >= OVERLAP and person not in found:
            found[person], others[column] = float(overlaps[person, column]), False
    for part in xywh(marks['unmarked']):
        others &= shares_inside(boxes, part) < INSIDE
    return list(found.values()), int(others.sum())


def measure(
    images: list[tuple[dict[str, Any], InputImage]], threshold: float, rounds: int
) -> dict[str, Any]:
    """The figures of one threshold, with the median processor time of several calls."""
    detector = NanoDetDetector(score_threshold=threshold)
    overlaps: list[float] = []
    others, spent = 0, []
    for marks, image in images:
        times = []
        for _ in range(rounds):
            start = time.process_time()
            boxes, _ = detector(image)
            times.append(time.process_time() - start)
        found, more = count(boxes, marks)
        overlaps += found
        others += more
        spent.append(timing(times))
    return {
        'threshold': threshold,
        'images': len(images),
        'people': sum(len(marks['people']) for marks, _ in images),
        'found': len(overlaps),
        'mean overlap': float(np.mean(overlaps)) if overlaps else None,
        'no person': others,
        'CPU ms per image': 1000 * float(np.mean([one.seconds for one in spent])),
        'spread [%]': float(np.mean([one.spread for one in spent])),
    }


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=Path, help='folder with the images, searched by name')
    parser.add_argument('--rounds', type=int, default=5, help='times that each image is seen')
    args = parse(parser, quick={'rounds': 1})
    cv2.setNumThreads(1)
    images = find_images(args.images)
    report(
        'detector', [measure(images, threshold, args.rounds) for threshold in THRESHOLDS], args.out
    )


if __name__ == '__main__':
    main()
