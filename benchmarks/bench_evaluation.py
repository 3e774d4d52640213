#!/usr/bin/env python
"""Evaluating 35,515 frames, as 3DPW's test set has, with vertices: time of PA-MPJPE, peak memory.

Frames stream through `HumanMeshMetric` in batches, truth posed by the body model; mmhuman3d keeps
all of them and poses the whole set at once.
"""

from __future__ import annotations

import argparse
import resource
import time

import torch
from common import parse, report, take_turns

from mroi_plugin.evaluation.functional.errors import pa_mpjpe
from mroi_plugin.registry import METRICS, MODELS
from mroi_plugin.utils.errors import report_user_errors

BODY = {'type': 'SMPLBody', 'model_path': 'data/body_models/smpl', 'free_body': True}
VERTICES = 6890


def peak_gib() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def stream(frames: int, batch_size: int) -> tuple[float, int]:
    """Seconds to evaluate so many frames, and how many were evaluated."""
    metric, body = (
        METRICS.build({'type': 'HumanMeshMetric', 'body_model': BODY}),
        MODELS.build(BODY),
    )
    metric.samples = None
    start, done = time.perf_counter(), 0
    while done < frames:
        count = min(batch_size, frames - done)
        pose, betas = 0.2 * torch.randn(count, 24, 3), torch.randn(count, 10)
        with torch.no_grad():
            noisy = pose + 0.1 * torch.randn_like(pose)
            posed = body(global_orient=noisy[:, :1], body_pose=noisy[:, 1:], betas=betas)
        batch = {
            'smpl_global_orient': pose[:, 0],
            'smpl_body_pose': pose[:, 1:],
            'smpl_betas': betas,
            'gender': torch.randint(0, 2, (count,)),
            'has_smpl': torch.ones(count),
        }
        metric.process(batch, [{'pred_vertices': vertices} for vertices in posed['vertices']])
        done += count
    return time.perf_counter() - start, int(metric.evaluate(frames)['mesh/frames'])


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=35_515)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--rounds', type=int, default=9, help='of PA-MPJPE')
    args = parse(parser, quick={'frames': 4000})
    joints, truth = torch.randn(2, args.frames, 14, 3, dtype=torch.float64)
    aligned = take_turns({'': lambda: pa_mpjpe(joints, truth)}, args.rounds)['']
    before = peak_gib()
    seconds, frames = stream(args.frames, args.batch_size)
    whole = frames * VERTICES * 3 * 4 / 2**30
    rows = [
        {
            'frames': frames,
            'PA-MPJPE of all [s]': aligned.seconds,
            'spread [%]': aligned.spread,
            'PA-MPJPE / whole evaluation': aligned.seconds / seconds,
            'peak memory [GiB]': peak_gib(),
            'before the evaluation [GiB]': before,
            'vertices of one side at once [GiB]': whole,
        }
    ]
    report('evaluation', rows, args.out)


if __name__ == '__main__':
    main()
