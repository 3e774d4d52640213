"""The checks: what is computed on a device, and what the loop over the formula gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import roma
import torch
from oracles import cameras as camera_loops
from oracles import decoders as decoder_loops
from oracles import fusion as fusion_loops
from oracles.body_losses import betas_loss, pose_loss, reprojection_distances, vertex_loss
from oracles.camera_consistency import camera_consistency, relative_consistency
from oracles.contrastive import contrastive
from oracles.embedding import embed
from oracles.positional_encoding import encode
from oracles.procrustes import mpjpe, pa_mpjpe
from oracles.rotations import rot6d_to_matrix
from torch import Tensor, nn

from equations.scene import PERSONS, ROIS, WIDTH, Scene, to_numpy
from mroi_plugin import cameras
from mroi_plugin.models.layers.contrastive_embedding import ContrastiveEmbedding
from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.layers.hmr_regressor import HMRRegressor
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding
from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion
from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix
from mroi_plugin.models.losses.betas import betas_loss as our_betas_loss
from mroi_plugin.models.losses.camera_consistency import camera_consistency_loss
from mroi_plugin.models.losses.multi_roi_contrastive import multi_roi_contrastive_loss
from mroi_plugin.models.losses.pose import pose_loss as our_pose_loss
from mroi_plugin.models.losses.reprojection import reprojection_loss
from mroi_plugin.models.losses.vertices import vertex_loss as our_vertex_loss

LIMIT = 1e-5
"""Largest residual, relative to the largest number: some hundred float32 roundings."""


@dataclass(frozen=True)
class Check:
    """One equation.

    Args:
        name: of the equation, with its number.
        computed: result of the package in float32 on a device.
        expected: result of the loop in float64, from the same float32 inputs.
    """

    name: str
    computed: Callable[[torch.device], Any]
    expected: Callable[[], Any]

    def residual(self, device: torch.device) -> float:
        """Largest difference, relative to the largest number that was expected."""
        got = np.asarray(to_numpy(self.computed(device)), np.float64)
        want = np.asarray(self.expected(), np.float64)
        if got.shape != want.shape:
            raise ValueError(f'{self.name}: shape {got.shape}, expected {want.shape}.')
        return float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-12))


def _rows(function: Callable[..., Any], *columns: np.ndarray) -> np.ndarray:
    """A function of single rows, applied to all."""
    return np.array([function(*row) for row in zip(*columns)])


def _pair(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    weight = layer.weight.detach().double().cpu().numpy()
    bias = getattr(layer, 'bias', None)
    return weight, np.zeros(len(weight)) if bias is None else to_numpy(bias)


def _spread(module: nn.Module) -> nn.Module:
    """A module with weights that matter, the same on every machine."""
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data.normal_(std=0.4, generator=generator)
    return module


def camera_checks(scene: Scene) -> Iterator[Check]:
    """The cameras of Sec. 3.2, on single rows."""
    count = PERSONS * ROIS
    camera, roi = scene.cameras.reshape(count, 3), scene.rois.reshape(count, 3)
    focal = scene.focal.repeat_interleave(ROIS)
    rows = [to_numpy(x) for x in (camera, roi, focal)]
    full = cameras.crop_to_full_camera(camera, roi, focal)

    def on(device: torch.device, *tensors: Tensor) -> list[Tensor]:
        return [tensor.to(device) for tensor in tensors]

    yield Check(
        'bounding box information (CLIFF)',
        lambda d: cameras.encode_bbox_info(*on(d, roi, focal)),
        lambda: _rows(camera_loops.bbox_info, *rows[1:]),
    )
    yield Check(
        'local to full camera (Eq. 12)',
        lambda d: cameras.crop_to_full_camera(*on(d, camera, roi, focal)),
        lambda: _rows(camera_loops.crop_to_full, *rows),
    )
    yield Check(
        'full to local camera (inverse of Eq. 12)',
        lambda d: cameras.full_to_crop_camera(*on(d, full, roi, focal)),
        lambda: _rows(camera_loops.full_to_crop, to_numpy(full), *rows[1:]),
    )
    points = scene.joints.repeat_interleave(ROIS, 0)
    yield Check(
        'projection (Eq. 14)',
        lambda d: cameras.project_points(*on(d, points, full, focal)),
        lambda: _rows(camera_loops.project, to_numpy(points), to_numpy(full), rows[2]),
    )


def network_checks(scene: Scene) -> Iterator[Check]:
    """Encoding, fusion, decoders, embedding and 6D rotations."""
    info, h = scene.bbox_info, scene.features
    encoding = RoIPositionalEncoding(32)
    yield Check(
        'positional encoding, L = 32 (Eq. 3)',
        lambda d: encoding.to(d)(info.to(d)),
        lambda: np.array([[encode(b, 32) for b in person] for person in to_numpy(info)]),
    )
    for score, relation in (
        ('mlp', 'subtract_then_encode'),
        ('mlp', 'encode_then_subtract'),
        ('mlp', 'absolute'),
        ('mlp', 'none'),
        ('pair_mlp', 'subtract_then_encode'),
        ('linear', 'subtract_then_encode'),
        ('self_attention', 'absolute'),
    ):
        yield _fusion_check(score, relation, h, info)
    embedding = _spread(ContrastiveEmbedding(WIDTH)).train()
    first, bn1, _, second, bn2 = embedding.project
    layers = [_pair(x) for x in (embedding.gate, first, bn1, second, bn2)]
    yield Check(
        'contrastive embedding (v1 Eq. 6)',
        lambda d: embedding.to(d)(h.to(d)).flatten(0, 1),
        lambda: embed(to_numpy(h.flatten(0, 1)), *layers),
    )
    yield _decoder_check(h, info)
    yield Check(
        '6D rotations (SPIN)',
        lambda d: rotation_6d_to_matrix(scene.six.to(d)),
        lambda: _rows(rot6d_to_matrix, to_numpy(scene.six)),
    )


def _fusion_check(score: str, relation: str, h: Tensor, info: Tensor) -> Check:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        fusion = _spread(RoIAwareFusion(WIDTH, ROIS, score, relation, 3, hidden_channels=6))
    strategy = fusion.strategy
    if score == 'mlp':
        dense = [_pair(layer) for layer in strategy.mlp if isinstance(layer, nn.Linear)]
        weights = {'reduce': _pair(strategy.embed), 'layers': dense}
    elif score == 'pair_mlp':
        weights = {'hidden': _pair(strategy.embed), 'score': _pair(strategy.score)}
    elif score == 'linear':
        weights = {'score': _pair(strategy.embed)}
    else:
        names = {'query': 'query', 'key': 'key', 'value': 'value', 'out': 'project', 'norm': 'norm'}
        weights = {ours: _pair(getattr(strategy, theirs)) for ours, theirs in names.items()}

    def expected() -> np.ndarray:
        people = zip(to_numpy(h), to_numpy(info))
        if score == 'self_attention':
            return np.array([fusion_loops.self_attention(a, b, 3, weights)[0] for a, b in people])
        fuse = fusion_loops.fuse
        return np.array([fuse(a, b, score, relation, 3, weights)[0] for a, b in people])

    return Check(
        f'fusion {score}, {relation} (Eq. 4)',
        lambda d: fusion.to(d)(h.to(d), info.to(d))[0],
        expected,
    )


def _decoder_check(h: Tensor, info: Tensor) -> Check:
    init = {'pose': torch.linspace(-1, 1, 12), 'cam': torch.tensor([0.9, 0.0, 0.0])}
    regressor = _spread(HMRRegressor(WIDTH + 3, init, (9, 7), dropout=0.0)).eval()
    trunk = [_pair(regressor.fc1), _pair(regressor.fc2)]
    heads = {name: _pair(layer) for name, layer in regressor.decode.items()}
    means = {name: to_numpy(value) for name, value in init.items()}
    rows = zip(to_numpy(h[:, 0]), to_numpy(info[:, 0]))
    feature = torch.cat([h[:, 0], info[:, 0]], -1)
    loop = decoder_loops.iterative_regressor
    expected = np.array([loop(a, b, means, trunk, heads)['pose'] for a, b in rows])
    return Check(
        'iterative regressor (HMR Sec. 3.2)',
        lambda d: regressor.to(d)(feature.to(d))['pose'],
        lambda: expected,
    )


PRINTED_WEIGHTS = (0.1, 0.1, 1e-4)


def loss_checks(scene: Scene) -> Iterator[Check]:
    """Every loss, unweighted."""
    camera, roi = scene.cameras, scene.rois
    for pairs in ('all', 'anchor'):
        yield Check(
            f'camera consistency, {pairs} pairs (Eq. 16)',
            lambda d, pairs=pairs: camera_consistency_loss(
                camera.to(d), roi.to(d), PRINTED_WEIGHTS, pairs, 'px', 'sum'
            ),
            lambda pairs=pairs: camera_consistency(to_numpy(camera), to_numpy(roi), pairs=pairs),
        )
    yield Check(
        'camera consistency, relative sizes, mean',
        lambda d: camera_consistency_loss(camera.to(d), roi.to(d)),
        lambda: relative_consistency(to_numpy(camera), to_numpy(roi)),
    )
    for kind in ('negatives', 'all'):
        yield Check(
            f'contrastive, denominator {kind} (v2 Eq. 17)'
            if kind == 'negatives'
            else 'contrastive, denominator all (v1 Eq. 7)',
            lambda d, kind=kind: multi_roi_contrastive_loss(scene.features.to(d), denominator=kind),
            lambda kind=kind: contrastive(to_numpy(scene.features), denominator=kind),
        )
    yield Check(
        '2D joints, sum over RoIs', lambda d: _reprojection(scene, d), lambda: _loop_2d(scene)
    )
    yield from _body_checks(scene)


def _reprojection(scene: Scene, device: torch.device) -> Tensor:
    inputs = (scene.joints, scene.cameras, scene.rois, scene.focal)
    pixels = FullCameraProjector()(*(x.to(device) for x in inputs))
    target = torch.cat([scene.pixels, torch.ones_like(scene.pixels[..., :1])], -1)
    rois = scene.rois.to(device)
    return reprojection_loss(pixels, target.to(device), rois, robust=None, reduction='sum')


def _loop_2d(scene: Scene) -> float:
    people = (to_numpy(x) for x in (scene.joints, scene.cameras, scene.rois, scene.focal))
    residuals = [
        reprojection_distances(p, c, r, f, (0, 0), t)
        for p, c, r, f, t in zip(*people, to_numpy(scene.pixels))
    ]
    return float((np.array(residuals) ** 2).mean((0, 2, 3)).sum())


def _body_checks(scene: Scene) -> Iterator[Check]:
    matrices = rotation_6d_to_matrix(scene.six).expand(PERSONS, -1, -1, -1)
    turned = roma.rotvec_to_rotmat(scene.vectors)
    has = scene.has.tolist()
    yield Check(
        'pose, rotation matrices',
        lambda d: our_pose_loss(matrices.to(d), turned.to(d), scene.has.to(d)),
        lambda: pose_loss(to_numpy(matrices), to_numpy(scene.vectors), has),
    )
    for name, term, loop in (
        ('betas', our_betas_loss, betas_loss),
        ('vertices, L1', our_vertex_loss, vertex_loss),
    ):
        yield Check(
            name,
            lambda d, term=term: term(scene.joints.to(d), scene.true_joints.to(d), scene.has.to(d)),
            lambda loop=loop: loop(to_numpy(scene.joints), to_numpy(scene.true_joints), has),
        )


def metric_checks(scene: Scene) -> Iterator[Check]:
    """What is reported."""
    from mroi_plugin.evaluation.functional import errors

    found, truth = scene.joints, scene.true_joints
    root, true_root = found[:, 0], truth[:, 0]
    yield Check(
        'MPJPE',
        lambda d: errors.mpjpe(*(x.to(d) for x in (found, truth, root, true_root))),
        lambda: mpjpe(*(to_numpy(x) for x in (found, truth, root, true_root))),
    )
    yield Check(
        'PA-MPJPE',
        lambda d: errors.pa_mpjpe(found.to(d), truth.to(d)),
        lambda: pa_mpjpe(to_numpy(found), to_numpy(truth)),
    )


def all_checks() -> list[Check]:
    """Every equation of the package."""
    scene = Scene()
    groups = (camera_checks, network_checks, loss_checks, metric_checks)
    return [check for group in groups for check in group(scene)]
