#!/usr/bin/env python
"""Making training samples: mmhuman3d's single-crop pipeline against ours with M RoIs, one core.

Both read the same JPEG files and annotations, with the augmentation of the papers (flip, rotation,
scale, channel noise), and hand over what a loader would batch. The floor is what no pipeline can do
without: decoding the image whole and warping the same five crops out of it.
"""

from __future__ import annotations

import argparse
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault('OMP_NUM_THREADS', '1')

import cv2
import numpy as np
import torch
from common import Timing, parse, report, take_turns

from mroi_plugin.datasets.transforms.geometry import compose_affine
from mroi_plugin.utils.errors import report_user_errors

SIDE = 224
NORMAL = {'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375], 'to_rgb': True}
HOST_PIPELINE = [
    {'type': 'LoadImageFromFile'},
    {'type': 'RandomChannelNoise', 'noise_factor': 0.4},
    {'type': 'RandomHorizontalFlip', 'flip_prob': 0.5, 'convention': 'smpl_54'},
    {'type': 'GetRandomScaleRotation', 'rot_factor': 30, 'scale_factor': 0.25, 'rot_prob': 0.6},
    {'type': 'GetBboxInfo'},
    {'type': 'MeshAffine', 'img_res': SIDE},
    {'type': 'Normalize', **NORMAL},
    {'type': 'ImageToTensor', 'keys': ['img']},
    {
        'type': 'ToTensor',
        'keys': [
            *('has_smpl', 'smpl_body_pose', 'smpl_global_orient', 'smpl_betas', 'smpl_transl'),
            *('keypoints2d', 'keypoints3d', 'sample_idx'),
        ],
    },
    {'type': 'Collect', 'keys': ['img', 'keypoints2d', 'keypoints3d'], 'meta_keys': []},
]


def write_images(folder: Path, size: tuple[int, int], persons: int) -> str:
    """Images of one size with a person in each, and their annotations; returns the data's root.

    Rendered scenes are enlarged and given grain, so that a JPEG of them is no smaller than one of a
    camera.
    """
    from synthetic_humans.build import build_synthetic_data

    from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data

    root = folder / f'{size[0]}x{size[1]}'
    if (root / 'persons.npz').exists():
        return str(root)
    build_synthetic_data(folder / 'rendered', train=persons, test=1, jobs=1, quiet=True)
    source = folder / 'rendered' / 'preprocessed_datasets' / 'synthetic_train.npz'
    table, rng = read_human_data(str(source)), np.random.default_rng(0)
    for i, name in enumerate(table['image_path']):
        image = cv2.imread(str(folder / 'rendered' / 'datasets' / 'synthetic' / name))
        gain = np.array(size) / image.shape[1::-1]
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        image += rng.normal(0, 4, image.shape)
        path = root / 'datasets' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image.clip(0, 255).astype(np.uint8), [1, 92])
        table['bbox_xywh'][i, :4] *= np.tile(gain, 2)
        table['keypoints2d'][i, :, :2] *= gain
    table['image_width'][:], table['image_height'][:] = size
    write_human_data(
        str(root / 'persons.npz'), {k: v for k, v in table.items() if k != 'cam_param'}
    )
    return str(root)


def our_dataset(root: str, rois: int, size: tuple[int, int] = (SIDE, SIDE)) -> Any:
    """Ours, with the papers' augmentation; crops of a size (h, w)."""
    from mroi_plugin.registry import DATASETS

    count = rois - 1
    angles = 2 * np.pi * np.arange(count) / max(count, 1)
    layout = {
        'shifts': [(0.1 * np.cos(a), 0.1 * np.sin(a)) for a in angles],
        'scales': np.geomspace(1.5, 0.65, max(count, 1))[:count].tolist(),
    }
    pipeline = [
        {'type': 'LoadImage'},
        {'type': 'RandomFlipRotateScale', 'flip_prob': 0.5, 'rotation': 30, 'rotation_prob': 0.4},
        {'type': 'MultiRoICrop', 'crop_size': size[::-1], **(layout if rois != 5 else {})},
        {'type': 'RandomChannelNoise', 'factor': 0.4},
        {'type': 'PackMultiRoIInputs'},
    ]
    return DATASETS.build(
        {
            'type': 'MultiRoIHumanDataset',
            'ann_file': f'{root}/persons.npz',
            'image_dir': f'{root}/datasets',
            'pipeline': pipeline,
        }
    )


def host_dataset(root: str) -> Any:
    """mmhuman3d's own, unmodified."""
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

    load_mmhuman3d()
    from mmhuman3d.data.datasets import build_dataset

    return build_dataset(
        {
            'type': 'HumanImageDataset',
            'dataset_name': '',
            'data_prefix': root,
            'pipeline': HOST_PIPELINE,
            'convention': 'smpl_54',
            'ann_file': os.path.abspath(f'{root}/persons.npz'),
        }
    )


def floor(dataset: Any) -> Callable[[int], None]:
    """Decode an image whole and warp the crops of ``dataset`` out of it, with OpenCV."""
    steps, plan = dataset.pipeline.transforms[:3], []
    for index in range(len(dataset)):
        sample = functools.reduce(lambda x, step: step(x), steps, dataset.raw_sample(index))
        affines = compose_affine(sample['roi_affines'], sample['image_affine'])
        plan.append((Path(sample['image_path']), affines))

    def make(index: int) -> None:
        path, affines = plan[index]
        data = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        for affine in affines:
            cv2.warpAffine(image, affine, (SIDE, SIDE))

    return make


def make_all(make: Callable[[int], Any], persons: int) -> None:
    """Samples of so many persons."""
    for index in range(persons):
        make(index)


def workers(dataset: Any, count: int, seconds: float) -> float:
    """Persons per second of a loader with so many worker processes."""
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=100_000)
    loader = iter(torch.utils.data.DataLoader(dataset, 16, sampler=sampler, num_workers=count))
    for _ in range(2 * count):
        next(loader)
    start, persons = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        persons += len(next(loader)['img'])
    return persons / (time.perf_counter() - start)


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=6)
    parser.add_argument('--persons', type=int, default=48, help='different images')
    parser.add_argument('--seconds', type=float, default=4.0, help='for each number of workers')
    parser.add_argument('--folder', default='work_dirs/benchmarks/samples', help='for the images')
    args = parse(parser, quick={'rounds': 3, 'persons': 12, 'seconds': 2.0})
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    rows = []
    for size in ((640, 480), (1920, 1080)):
        root = write_images(Path(args.folder), size, args.persons)
        ours = {m: our_dataset(root, m) for m in range(1, 9)}
        makers = {
            'mmhuman3d, 1 crop': host_dataset(root).__getitem__,
            'floor, 5 warps': floor(ours[5]),
        }
        makers.update({f'ours, M={m}': dataset.__getitem__ for m, dataset in ours.items()})
        runs = {name: functools.partial(make_all, m, args.persons) for name, m in makers.items()}
        times = {
            name: Timing(spent / args.persons, spread)
            for name, (spent, spread) in take_turns(runs, args.rounds).items()
        }
        for name, (value, spread) in times.items():
            rows.append(
                {
                    'image': f'{size[0]}x{size[1]}',
                    'pipeline': name,
                    'time / mmhuman3d': value / times['mmhuman3d, 1 crop'].seconds,
                    'time / floor': value / times['floor, 5 warps'].seconds,
                    'persons per s and core': 1 / value,
                    'spread [%]': spread,
                }
            )
        for count in (1, 2):
            speed = workers(ours[5], count, args.seconds)
            rows.append(
                {
                    'image': f'{size[0]}x{size[1]}',
                    'pipeline': f'ours, M=5, loader with {count} workers',
                    'time / mmhuman3d': 1 / speed / times['mmhuman3d, 1 crop'].seconds,
                    'time / floor': 1 / speed / times['floor, 5 warps'].seconds,
                    'persons per s and core': speed / count,
                    'spread [%]': None,
                }
            )
    report('samples', rows, args.out)


if __name__ == '__main__':
    main()
