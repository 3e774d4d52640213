#!/usr/bin/env python
"""Opening the annotations of 312,000 persons: time, memory per worker, against mmhuman3d's own.

The file is written once, in the form of mmhuman3d's Human3.6M: 17 joints in 2D and 3D, SMPL
parameters, compressed keypoints. Every run is a process of its own that opens the file and forks
four workers, each of which reads persons in random order. Memory is what a process has written and
alone holds (private dirty pages); pages of a mapped file are shared and can be dropped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from common import parse, report, timing

from mroi_plugin.utils.errors import report_user_errors

WAYS = {
    'mmhuman3d, every process': 'mmhuman3d',
    'ours, the first time ever': 'ours',
    'ours, every process': 'ours',
}
"""In this order: the index is missing at the first opening of ours."""
MEASURE = """
import json, multiprocessing, re, sys, time
import numpy as np
what, path, READS = sys.argv[1], sys.argv[2], 20_000

WORKERS = 4

def private_mib():
    text = open('/proc/self/smaps_rollup').read()
    return int(re.search(r'Private_Dirty:\\s+(\\d+) kB', text)[1]) / 1024

if what == 'mmhuman3d':
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
    load_mmhuman3d()
    from mmhuman3d.data.data_structures.human_data import HumanData
    start, before = time.perf_counter(), private_mib()
    data = HumanData.fromfile(path)
    seconds = time.perf_counter() - start
    from mroi_plugin.datasets.annotation_checks import KEYPOINTS
    columns = {k: v for k, v in data.items() if k in ('image_path', 'bbox_xywh', *KEYPOINTS)}
    columns.update(data['smpl'])
    read = lambda i: [np.array(column[i]) for column in columns.values()]
    count = len(data['image_path'])
else:
    from mroi_plugin.datasets.annotations import read_annotations
    from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
    keypoint_names('smpl_54')  # mmhuman3d is imported before the clock starts
    start, before = time.perf_counter(), private_mib()
    data = read_annotations(path, 'smpl_54')
    seconds = time.perf_counter() - start
    read, count = data.row, len(data)
opened = private_mib() - before

def work(seed):
    order = np.random.default_rng(seed).permutation(count)[:READS]
    before = private_mib()
    for i in order:
        read(int(i))
    return private_mib() - before

with multiprocessing.get_context('fork').Pool(WORKERS) as pool:
    grown = float(np.mean(pool.map(work, range(WORKERS), chunksize=1)))
print(json.dumps({'seconds': seconds, 'opened_mib': opened, 'worker_mib': grown}))
"""


def write_annotations(path: Path, count: int) -> None:
    """A HumanData file of ``count`` persons with random numbers in it."""
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

    load_mmhuman3d()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps
    from mmhuman3d.data.data_structures.human_data import HumanData

    rng = np.random.default_rng(0)
    _, mask = convert_kps(np.zeros((1, 17, 3)), 'h36m', 'human_data')
    data, known = HumanData(), int(mask.sum())
    data['image_path'] = [f'S1/images/S1_Walking.54138969_{i:06d}.jpg' for i in range(count)]
    corner, size = rng.uniform(0, 500, (count, 2)), rng.uniform(100, 400, (count, 2))
    data['bbox_xywh'] = np.hstack([corner, size, np.ones((count, 1))])
    data['smpl'] = {
        'body_pose': rng.normal(size=(count, 23, 3)).astype(np.float32),
        'global_orient': rng.normal(size=(count, 3)).astype(np.float32),
        'betas': rng.normal(size=(count, 10)).astype(np.float32),
    }
    for name, channels in (('keypoints2d', 3), ('keypoints3d', 4)):
        points = np.ones((count, known, channels))
        points[..., :-1] = rng.uniform(0, 1000, (count, known, channels - 1))
        data[f'{name}_mask'] = mask
        dict.__setitem__(data, name, points)
    data.__keypoints_compressed__ = True
    data.__data_len__ = count
    data.dump(str(path))


def measure(what: str, path: Path) -> dict[str, float]:
    """Seconds and MiB to open, and MiB that a worker adds, of one fresh process."""
    command = [sys.executable, '-c', MEASURE, what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def size_mib(path: Path) -> float:
    """Size of a file, or of the files in a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 2**20


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--persons', type=int, default=312_000)
    parser.add_argument('--folder', default='work_dirs/benchmarks/loading', help='for the files')
    parser.add_argument('--rounds', type=int, default=5)
    args = parse(parser, quick={'persons': 30_000})
    path = Path(args.folder) / f'persons_{args.persons}.npz'
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        print(f'writing {path}')
        write_annotations(path, args.persons)
    index = path.with_name(f'{path.stem}.smpl_54.index')
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    for _ in range(args.rounds):
        shutil.rmtree(index, ignore_errors=True)
        for name, what in WAYS.items():
            runs[name].append(measure(what, path))
    spent = {name: timing([run['seconds'] for run in done]) for name, done in runs.items()}
    host = spent['mmhuman3d, every process'].seconds
    rows = [
        {
            'opening': name,
            'seconds': spent[name].seconds,
            'time / mmhuman3d': spent[name].seconds / host,
            'spread [%]': spent[name].spread,
            'opened [MiB]': float(np.median([run['opened_mib'] for run in done])),
            'each worker [MiB]': float(np.median([run['worker_mib'] for run in done])),
            'persons': args.persons,
            'file [MiB]': size_mib(index if 'ours' in name else path),
        }
        for name, done in runs.items()
    ]
    report('loading', rows, args.out)


if __name__ == '__main__':
    main()
