#!/usr/bin/env python
"""What the features of a backbone tell about 3D joints, beside what exact 2D joints would tell.

A network with two hidden layers regresses the joints of the training people, relative to the
pelvis, from what is known of them, and is tested on the test people: all of them, and those whose
joints are all in the image. What is known is the features, all 2D joints, those in the image, or
these with normal errors, of a standard deviation in sides of the crop. Errors are MPJPE / PA-MPJPE
over SMPL's joints.
"""

from __future__ import annotations

import argparse
import math

import torch
from common import parse, report
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model, plugin_scope
from mroi_plugin.engine.preflight import check_files
from mroi_plugin.evaluation.functional.errors import mean_distance, pa_mpjpe
from mroi_plugin.models.losses.landmarks import landmark_targets
from mroi_plugin.registry import DATASETS
from mroi_plugin.utils.errors import report_user_errors

JOINTS = 24
ERRORS = (0.02, 0.05)
HIDDEN, DROPOUT, RATE, DECAY, BATCH = 1024, 0.2, 1e-3, 0.05, 256
Known = dict[str, Tensor]


@torch.no_grad()
def read(model: nn.Module | None, dataset: object) -> tuple[Known, Tensor, Tensor]:
    """What is known of each person, by name (n, D), joints (n, 24, 3) m, and who is whole (n)."""
    known: dict[str, list[Tensor]] = {}
    joints, whole = [], []
    random = torch.Generator().manual_seed(0)
    for batch in DataLoader(dataset, batch_size=64):
        keypoints = batch['keypoints2d'][:, :JOINTS]
        places, _ = landmark_targets(keypoints, batch['rois'], batch['principal_point'])
        box = batch['bbox_info']
        exact = places[:, 0].clamp(-1.5, 1.5)
        seen = (keypoints[..., 2:] > 0).to(exact.dtype)
        noise = torch.randn(exact.shape, generator=random)
        seen_2d = {'exact 2D joints in the image': exact}
        for error in ERRORS:
            seen_2d[f'2D joints in the image, {100 * error:g} % off'] = exact + error * noise
        told = {}
        if model is not None:
            features = model.encode(model.data_preprocessor(dict(batch))['img'], batch)
            told['features of RoI 0'] = torch.cat([features[:, 0], box[:, 0]], 1)
            told['features of all RoIs'] = torch.cat([features, box], 2).flatten(1)
        for name, value in {
            **told,
            'exact 2D joints': torch.cat([exact.flatten(1), box[:, 0]], 1),
            **{
                name: torch.cat([(points * seen).flatten(1), seen.flatten(1), box[:, 0]], 1)
                for name, points in seen_2d.items()
            },
        }.items():
            known.setdefault(name, []).append(value)
        solid = batch['keypoints3d'][:, :JOINTS, :3]
        joints.append(solid - solid[:, :1])
        whole.append((keypoints[..., 2] > 0).all(1))
    return {k: torch.cat(v) for k, v in known.items()}, torch.cat(joints), torch.cat(whole)


def probe(x: Tensor, y: Tensor, test: Tensor, steps: int) -> Tensor:
    """Joints (m, 24, 3) of the test people, learned from x (n, D) and y (n, 24, 3)."""
    torch.manual_seed(0)
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    x, test = (x - mean) / deviation, (test - mean) / deviation
    layers: list[nn.Module] = []
    for width in (x.shape[1], HIDDEN):
        layers += [nn.Linear(width, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT)]
    network = nn.Sequential(*layers, nn.Linear(HIDDEN, 3 * JOINTS), nn.Unflatten(1, (JOINTS, 3)))
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    for step in range(steps):
        rate = min(1.0, (step + 1) / 100) * (1 + math.cos(math.pi * step / steps)) / 2
        optimizer.param_groups[0]['lr'] = RATE * rate
        chosen = torch.randint(len(x), (BATCH,))
        loss = (network(x[chosen]) - y[chosen]).norm(dim=2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return network.eval()(test)


def _read_model(cfg: Config, backbone: str | None) -> nn.Module:
    pretrained = {'type': 'Pretrained', 'prefix': 'backbone.', 'checkpoint': backbone}
    cfg.model.backbone.init_cfg = pretrained if backbone else None
    model = build_model(cfg.model).eval()
    with plugin_scope():
        model.backbone.init_weights()
    return model


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', default='mroi_open_cached', help='whose data and backbone')
    parser.add_argument('--backbone', help='checkpoint with it; else as it comes')
    parser.add_argument('--no-features', action='store_true', help='2D joints alone, minutes less')
    parser.add_argument('--steps', type=int, default=1500)
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    args = parse(parser, quick={'steps': 300, 'no_features': True, 'config': 'mroi_open'})
    cfg = load_config(args.config, options=args.cfg_options)
    check_files(cfg)
    model = None if args.no_features else _read_model(cfg, args.backbone)
    with plugin_scope():
        data = [cfg[f'{name}_dataloader'].dataset for name in ('train', 'test')]
        for cached in (d for d in data if d.type == 'CachedMapsDataset'):
            cached.features = False
        sets = [DATASETS.build(dataset) for dataset in data]
    (known, joints, _), (test_known, test_joints, whole) = (read(model, data) for data in sets)
    rows = []
    for name in known:
        found = probe(known[name], joints, test_known[name], args.steps)
        errors = [1000 * error(found, test_joints) for error in (mean_distance, pa_mpjpe)]
        rows.append({'from': name, 'people': len(joints)})
        for who, chosen in (('all', slice(None)), ('in the image', whole)):
            for title, error in zip(('MPJPE mm', 'PA mm'), errors):
                rows[-1][f'{who}, {title}'] = float(error[chosen].mean())
    report('probes', rows, args.out)


if __name__ == '__main__':
    main()
