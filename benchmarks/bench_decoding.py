#!/usr/bin/env python
"""What decoding images no larger than their crops need does to the crops.

The truth of a crop is the image averaged over the area of each of its pixels, from 8 x 8 samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from bench_samples import SIDE, our_dataset, write_images
from common import parse, report

from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.utils.errors import report_user_errors

SAMPLES = 8


def errors(dataset: Any) -> dict[str, float]:
    """Mean distance of crops of the box from the truth, in gray levels of 255."""
    load, *_ = dataset.pipeline.transforms
    crop = MultiRoICrop((SIDE, SIDE), num_rois=1)
    fine = MultiRoICrop((SAMPLES * SIDE, SAMPLES * SIDE), num_rois=1)
    found, smaller = [], 0
    for index in range(len(dataset)):
        sample = load(dataset.raw_sample(index))
        whole = {**sample, 'image': sample['image'].decode()}
        ours, full = crop(sample)['img'], crop(whole)['img']
        smaller += not np.array_equal(ours, full)
        cells = fine(whole)['img'].reshape(1, 3, SIDE, SAMPLES, SIDE, SAMPLES)
        truth = cells.mean((3, 5))
        found.append([abs(ours - truth).mean(), abs(full - truth).mean()])
    error, whole_error = np.mean(found, 0)
    return {
        'decoded smaller [%]': 100 * smaller / len(dataset),
        'error [levels]': float(error),
        'error of whole decoding [levels]': float(whole_error),
    }


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--persons', type=int, default=48, help='different images')
    parser.add_argument('--folder', default='work_dirs/benchmarks/samples', help='for the images')
    args = parse(parser, quick={'persons': 12})
    rows = []
    for size in ((640, 480), (1920, 1080)):
        root = write_images(Path(args.folder), size, args.persons)
        rows.append({'image': f'{size[0]}x{size[1]}', **errors(our_dataset(root, 1))})
    report('decoding', rows, args.out)


if __name__ == '__main__':
    main()
