"""Streaming evaluation of human meshes in mmengine: constant memory however many frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mroi_plugin.evaluation.functional.errors import pa_pve, pve
from mroi_plugin.evaluation.functional.instance_errors import (
    MM_PER_M,
    Errors,
    betas_errors,
    camera_errors,
    joint_errors,
)
from mroi_plugin.evaluation.functional.protocol import JOINT_SETS, annotated_joints, mesh_joints
from mroi_plugin.evaluation.metrics.per_sample import PerSample
from mroi_plugin.evaluation.metrics.running_means import RunningMeans
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.registry import METRICS, register

GT_SOURCES = ('smpl', 'keypoints3d')
ERRORS = {
    'mpjpe': 'less',
    'pa_mpjpe': 'less',
    'pve': 'less',
    'pa_pve': 'less',
    'pck': 'greater',
    'auc': 'greater',
    'reprojection_px': 'less',
    'reprojection_share': 'less',
    'camera_residual_px': 'less',
    'betas_error': 'less',
}
"""Quantities, and whether less or more of them is better."""
Batch = dict[str, Any]


@register(METRICS)
class HumanMeshMetric(BaseMetric):
    """MPJPE, PA-MPJPE, PVE and PA-PVE in mm (v2 Sec. 4.1), PCK and AUC, in px the distance of
    projected from annotated joints and the camera residual, and the squared error of betas.

    Joints are regressed from both meshes with the Human3.6M regressor and aligned at its pelvis;
    the prediction is the neutral body, the truth the body of the person's gender. Every frame must
    be seen exactly once: the validation sampler must neither pad nor drop.

    Args:
        body_model: config of `SMPLBody` without ``gender``; built when first needed.
        gt_source: ``smpl``: the truth is the posed body, in 3DPW and, as in the released code, in
            Human3.6M; ``keypoints3d``: it is the annotated (motion-captured) joints, without PVE.
        convention: keypoint convention of ``keypoints3d``.
        joint_set: ``lsp_14``, or ``h36m_17`` for MPI-INF-3DHP.
        per_sample: keep the errors of every person, for ``samples.table()``.
        collect_device: see mmengine.
        prefix: see mmengine.

    Raises:
        ValueError: if ``gt_source`` or ``joint_set`` is unknown.
    """

    default_prefix = 'mesh'

    def __init__(
        self,
        body_model: dict[str, Any],
        gt_source: str = 'smpl',
        convention: str = 'smpl_54',
        joint_set: str = 'lsp_14',
        per_sample: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if gt_source not in GT_SOURCES:
            raise ValueError(f'gt_source={gt_source!r}: expected one of {", ".join(GT_SOURCES)}.')
        if joint_set not in JOINT_SETS:
            raise ValueError(f'joint_set={joint_set!r}: expected one of {", ".join(JOINT_SETS)}.')
        self.gt_source, self.joint_set = gt_source, joint_set
        self.convention = convention
        self.bodies = GenderedBodies(body_model)
        self.means = RunningMeans(('frames', *ERRORS))
        self.samples = PerSample(JOINT_SETS[joint_set][1]) if per_sample else None

    @property
    def names(self) -> dict[str, str]:
        """What the metric can give, and whether less or more of it is better; joints alone have no
        surface."""
        surface = ('pve', 'pa_pve') if self.gt_source == 'keypoints3d' else ()
        return {name: rule for name, rule in ERRORS.items() if name not in surface}

    @torch.no_grad()
    def process(self, data_batch: Batch, data_samples: Sequence[dict[str, Tensor]]) -> None:
        """Add one batch to the running sums.

        Args:
            data_batch: collated samples; their ground truth is used.
            data_samples: one prediction per person with ``pred_vertices`` (V, 3) meters, and for
                the camera residual ``pred_joints`` (K, 3), ``pred_cam_full`` (M, 3) meters and
                ``focal_length`` px, for that of betas ``pred_betas`` (10).

        Raises:
            ValueError: if a prediction is not finite.
        """
        vertices = torch.stack([sample['pred_vertices'] for sample in data_samples]).float()
        compare = self._with_smpl if self.gt_source == 'smpl' else self._with_keypoints
        errors = {**compare(vertices, data_batch), **camera_errors(data_batch, data_samples)}
        errors.update(betas_errors(data_batch, data_samples))
        errors['finite'] = vertices.isfinite().flatten(1).all(1)
        errors = _on_host(errors)
        _check_finite(errors.pop('finite'), data_batch)
        self.means.add('frames', torch.ones(len(vertices)))
        for name in ERRORS:
            if name in errors:
                self.means.add(name, errors[name][~errors[name].isnan()])
        if self.samples is not None:
            self.samples.add(data_batch, errors)

    def _regress(self, vertices: Tensor) -> tuple[Tensor, Tensor]:
        regressor = self.bodies.get('neutral', vertices.device).J_regressor_h36m
        return mesh_joints(vertices, regressor, self.joint_set)

    def _with_smpl(self, vertices: Tensor, batch: Batch) -> Errors:
        known = torch.nonzero(batch['has_smpl'].reshape(-1) > 0)[:, 0]
        if not len(known):
            return {}
        truth = self.bodies.vertices(_select(batch, known), vertices.device)
        known = known.to(vertices.device, non_blocking=True)
        joints, pelvis = self._regress(vertices[known])
        true_joints, true_pelvis = self._regress(truth)
        errors = joint_errors(joints, true_joints, pelvis, true_pelvis)
        errors['pve'] = MM_PER_M * pve(vertices[known], truth, pelvis, true_pelvis)
        errors['pa_pve'] = MM_PER_M * pa_pve(vertices[known], truth)
        return {name: _spread(values, known, len(vertices)) for name, values in errors.items()}

    def _with_keypoints(self, vertices: Tensor, batch: Batch) -> Errors:
        true_joints, true_pelvis, complete = annotated_joints(
            batch['keypoints3d'], keypoint_names(self.convention), self.joint_set
        )
        known = torch.nonzero(complete)[:, 0]
        if not len(known):
            return {}
        true_joints, true_pelvis, known = (
            x.to(vertices.device, non_blocking=True)
            for x in (true_joints[known], true_pelvis[known], known)
        )
        joints, pelvis = self._regress(vertices[known])
        errors = joint_errors(joints, true_joints, pelvis, true_pelvis)
        return {name: _spread(values, known, len(vertices)) for name, values in errors.items()}

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics over all ranks, on every rank; the sums start afresh.

        Args:
            size: number of frames of the data set.

        Raises:
            ValueError: if another number of frames was seen, or none has ground truth.
        """
        means = self.means.reduce()
        frames = means['frames'][1]
        if frames != size:
            raise ValueError(
                f'{type(self).__name__} saw {frames} frames of a data set of {size}: each must be '
                "seen once. Set sampler=dict(type='DefaultSampler', shuffle=False, "
                'round_up=False) in the dataloader.'
            )
        metrics = self.compute_metrics(means)
        return {f'{self.prefix}/{name}': value for name, value in metrics.items()}

    def compute_metrics(self, results: dict[str, tuple[float, int]]) -> dict[str, float]:
        """Named errors that have frames, and the number of frames with and without ground truth.

        Args:
            results: mean and count of every quantity.

        Raises:
            ValueError: if no frame has ground truth.
        """
        frames, evaluated = results['frames'][1], results['mpjpe'][1]
        if not evaluated:
            needed = {
                'smpl': 'SMPL parameters (has_smpl = 1)',
                'keypoints3d': f'the pelvis and all joints of {self.joint_set} as keypoints3d',
            }[self.gt_source]
            raise ValueError(
                f'gt_source={self.gt_source!r}: none of the {frames} frames has {needed}; check '
                'the annotation file or choose the other gt_source.'
            )
        metrics = {name: results[name][0] for name in ERRORS if results[name][1]}
        return {**metrics, 'frames': evaluated, 'frames_without_truth': frames - evaluated}


def _spread(values: Tensor, known: Tensor, persons: int) -> Tensor:
    """Values (n, ...) of the persons with numbers (n) as (N, ...), NaN elsewhere."""
    out = values.new_full((persons, *values.shape[1:]), float('nan'))
    return out.index_copy(0, known, values)


def _on_host(errors: Errors) -> Errors:
    """Values (N) or (N, J) by name, brought from a device by one copy, float64."""
    columns = {name: values.double().reshape(len(values), -1) for name, values in errors.items()}
    parts = torch.cat([*columns.values()], 1).cpu().split([c.shape[1] for c in columns.values()], 1)
    return {name: part.reshape(errors[name].shape) for name, part in zip(columns, parts)}


def _select(batch: Batch, who: Tensor) -> Batch:
    """The SMPL ground truth of some persons, by their numbers ``who`` (n)."""
    names = ('smpl_global_orient', 'smpl_body_pose', 'smpl_betas', 'gender')
    return {name: torch.as_tensor(batch[name])[who] for name in names}


def _check_finite(finite: Tensor, batch: Batch) -> None:
    broken = finite == 0
    if broken.any():
        which = torch.as_tensor(batch.get('sample_idx', torch.arange(len(broken))))[broken]
        raise ValueError(
            f'predictions of sample_idx {which.tolist()} are not finite: the checkpoint '
            'has diverged or belongs to another network.'
        )
