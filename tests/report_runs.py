"""Runs to report on, as tools/test.py and training leave them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pandas as pd
import trimesh

LONG = 'a_run_whose_name_nobody_would_want_to_read_aloud_' * 2
ACTION = '</script><i>"A" & \'B\''
"""What no group should be named."""


def make_run(folder, seed, name=f'<b>&{LONG}run', loss=50.0):
    """A run as tools/test.py and training leave it."""
    rng = np.random.default_rng(seed)
    folder = folder / f'{name}_{seed}'
    (folder / 'pictures' / 'worst').mkdir(parents=True)
    metrics = {
        'config': 'configs/a.py', 'checkpoint': 'x.pth', 'mesh/mpjpe': 80.25 + seed,
        'mesh/pck': 0.875, 'mesh/frames': 40.0,
        'per_joint': {f'joint_{i}_extra': 50.0 + i + seed for i in range(14)},
        'per_action': {a: {'instances': 20, 'mpjpe': 70.0 + seed} for a in ('Eating', ACTION)},
    }  # fmt: skip
    (folder / 'metrics.json').write_text(json.dumps(metrics))
    rows = {
        'sample_idx': range(40), 'mpjpe': rng.uniform(50, 100, 40), 'offset': rng.random(40),
        'image_path': [f'{"folder/" * 9}{i}.jpg' for i in range(40)], 'action': [None] * 40,
    }  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / 'per_sample.csv', index=False)
    logs = folder / '20260101_000000' / 'vis_data'
    logs.mkdir(parents=True)
    entries = [{'loss': loss / step, 'step': step} for step in range(1, 30)]
    entries += [{'mesh/mpjpe': 100 - step, 'step': step} for step in range(1, 4)]
    (logs / 'scalars.json').write_text('\n'.join(map(json.dumps, entries)) + '\n{"loss": 3')
    for path in ('contact_sheet.jpg', 'worst/contact_sheet.jpg'):
        cv2.imwrite(str(folder / 'pictures' / path), rng.integers(0, 255, (300, 2400, 3)))
    scene = trimesh.Scene(trimesh.creation.icosphere())
    (folder / 'pictures' / 'meshes.glb').write_bytes(scene.export(file_type='glb'))
    return folder
