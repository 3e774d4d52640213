"""Image architectures of mmhuman3d as models of mmengine."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mroi_plugin.adapters.hybrik_targets import hybrik_batch, rest_joints
from mroi_plugin.adapters.mean_params_file import head_with_mean_params
from mroi_plugin.adapters.mmhuman3d_batch import to_mmhuman3d_batch
from mroi_plugin.adapters.supported_architectures import check_architecture
from mroi_plugin.adapters.without_cuda import cuda_means
from mroi_plugin.cameras import crop_to_full_camera, full_to_crop_camera
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.models.estimators.base_estimator import BaseEstimator, Batch
from mroi_plugin.registry import MODELS, register

PREFIX = 'architecture.'
BODIES = ('body_model_train.', 'body_model_test.', 'smpl.')
"""Body models inside an architecture; licensed, and rebuilt from the config."""
PREDICTIONS = {
    'pred_pose': 'smpl_pose',
    'pred_betas': 'smpl_beta',
    'pred_vertices': 'vertices',
    'pred_joints': 'keypoints_3d',
}
"""Our names of what mmhuman3d's architectures return in test."""
HYBRIK_INPUTS = ('trans_inv', 'intrinsic_param', 'joint_root', 'depth_factor')
"""What HybrIK's head reads besides features, in this order."""


@register(MODELS)
class MMHuman3DEstimator(BaseEstimator):
    """Any image architecture of mmhuman3d, unmodified, under mmengine's Runner.

    It sees RoI 0 of our samples (M = 1) in its own keys and crop coordinates, so that every method
    trains and tests on the same pixels. Gradient clipping, AMP, resume and DDP are mmengine's. A
    state dict has the names of mmhuman3d's own checkpoints, which load directly.

    Args:
        architecture: config of mmhuman3d (``type='ImageBodyModelEstimator'``, ...).
            ``head.smpl_mean_params`` may be options of `load_mean_params` instead of a path.
        body_model: `SMPLBody`, for HybrIK's targets.
        data_preprocessor: `MultiRoIPreprocessor`.
        init_cfg: see mmengine.

    Raises:
        UnsupportedArchitectureError: if the architecture cannot run here, and why.
    """

    def __init__(
        self,
        architecture: dict[str, Any],
        body_model: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        check_architecture(architecture)
        load_mmhuman3d()
        from mmhuman3d.models.architectures.builder import build_architecture

        with head_with_mean_params(architecture) as plain:
            self.architecture = build_architecture(plain)
        self.body_model = MODELS.build(body_model).requires_grad_(False)
        self._register_state_dict_hook(_mmhuman3d_names)
        self._register_load_state_dict_pre_hook(_our_names)

    @property
    def discriminator(self) -> nn.Module | None:
        """The discriminator of an adversarial architecture."""
        return getattr(self.architecture, 'disc', None)

    def init_weights(self) -> None:
        """Initialize as mmhuman3d does, without its two lines of log per parameter."""
        before = logging.root.manager.disable
        logging.disable(logging.INFO)
        try:
            self.architecture.init_weights()
        finally:
            logging.disable(before)

    def loss(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Named losses."""
        return self.losses(*self._generate(img, batch))

    def predict(self, img: Tensor, batch: Batch) -> list[dict[str, Any]]:
        """One dictionary per person, as `MultiRoIEstimator` gives."""
        return self._to_predictions(self.run_test(img, batch), batch)

    def mmhuman3d_batch(self, img: Tensor, batch: Batch) -> Batch:
        """The batch in mmhuman3d's keys, with HybrIK's targets where they are needed."""
        ours = to_mmhuman3d_batch(img, batch)
        smpl = getattr(self.architecture, 'smpl', None)
        if smpl is not None and hasattr(smpl, 'children_map'):
            ours.update(hybrik_batch(batch, self.body_model, smpl.children_map, img.shape[-1]))
        return ours

    def extract(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What the head returns, and the ``pred_vertices`` (N, V, 3) m it means, as tensors
        throughout; ``forward_test`` of mmhuman3d ends in numpy."""
        predictions, given = self._generate(img, batch)
        net = self.architecture
        if predictions is None:
            with cuda_means(img.device):
                volume = [given[name] for name in HYBRIK_INPUTS]
                return net.head(net.backbone(given['img'])[0], *volume, net.smpl)
        body = net.body_model_test(
            betas=predictions['pred_shape'],
            body_pose=predictions['pred_pose'][:, 1:],
            global_orient=predictions['pred_pose'][:, :1],
            pose2rot=False,
        )
        return {**predictions, 'pred_vertices': body['vertices']}

    # Training ------------------------------------------------------------------------------------

    def _generate(self, img: Tensor, batch: Batch) -> tuple[Any, Batch]:
        """Predictions of the architecture, None if it computes its losses in one go, and batch."""
        batch, net = self.mmhuman3d_batch(img, batch), self.architecture
        if not hasattr(net, 'prepare_targets'):
            return None, batch
        features = net.backbone(batch['img'])
        features = features if net.neck is None else net.neck(features)
        condition = (batch['bbox_info'],) if _reads_boxes(net) else ()
        with torch.autocast(img.device.type, enabled=False):
            return net.head(_to_float(features), *condition), batch

    def losses(self, predictions: Any, batch: Batch) -> dict[str, Tensor]:
        """Losses of the architecture by name, in float32."""
        net = self.architecture
        with torch.autocast(batch['img'].device.type, enabled=False):
            if predictions is not None:
                losses = net.compute_losses(predictions, net.prepare_targets(batch))
            else:
                with cuda_means(batch['img'].device):
                    losses = net.forward_train(**batch)
        return {_loss_name(name): value for name, value in losses.items()}

    def train_step(self, data: Batch, optim_wrapper: Any) -> dict[str, Tensor]:
        """One step; with a discriminator, that of the discriminator and then the generator's.

        Args:
            data: a batch.
            optim_wrapper: an ``OptimWrapper``, or for an adversarial architecture the
                ``OptimWrapperDict`` that `AdversarialOptimWrapper` makes.

        Raises:
            TypeError: if the kind of wrapper does not fit the architecture.
        """
        adversarial = isinstance(optim_wrapper, OptimWrapperDict)
        if adversarial != (self.discriminator is not None):
            raise TypeError(
                'optim_wrapper: an architecture with disc needs '
                "constructor='AdversarialOptimWrapper', and one without must not have it."
            )
        if not adversarial:
            return super().train_step(data, optim_wrapper)
        generator, discriminator = optim_wrapper['generator'], optim_wrapper['disc']
        with generator.optim_context(self):
            data = self.data_preprocessor(data, True)
            predictions, batch = self._generate(data.pop('img'), data)
        logged = self._step_discriminator(predictions, batch, discriminator)
        losses = {**self.losses(predictions, batch), **self._adversarial_loss(predictions)}
        loss, log = self.parse_losses(losses)
        generator.update_params(loss)
        self.discriminator.requires_grad_(True)
        return {**log, **logged}

    def _step_discriminator(
        self, predictions: Any, batch: Batch, optimizer: OptimWrapper
    ) -> dict[str, Tensor]:
        net = self.architecture
        net.disc.requires_grad_(True)
        fake = net.disc(net.make_fake_data(predictions, requires_grad=False))
        real = net.disc(net.make_real_data(batch))
        losses = {
            'loss_disc_real': net.loss_adv(real, target_is_real=True, is_disc=True),
            'loss_disc_fake': net.loss_adv(fake, target_is_real=False, is_disc=True),
        }
        loss, log = self.parse_losses(losses)
        optimizer.update_params(loss)
        log.pop('loss')
        return log

    def _adversarial_loss(self, predictions: Any) -> dict[str, Tensor]:
        net = self.architecture
        net.disc.requires_grad_(False)
        score = net.disc(net.make_fake_data(predictions, requires_grad=True))
        return {'loss_adv': net.loss_adv(score, target_is_real=True, is_disc=False)}

    # Test ----------------------------------------------------------------------------------------

    @torch.no_grad()
    def run_test(self, img: Tensor, batch: Batch) -> dict[str, Any]:
        """Test outputs of the architecture: numpy arrays, plus the root that HybrIK was
        given."""
        given = self.mmhuman3d_batch(img, batch)
        with cuda_means(img.device):
            out = self.architecture.forward_test(**given)
        return {**out, **({'root': given['joint_root']} if 'joint_root' in given else {})}

    def _to_predictions(self, out: dict[str, Any], batch: Batch) -> list[dict[str, Any]]:
        """Outputs of `MultiRoIEstimator.predict` with M = 1; HybrIK has no local camera."""
        device = batch['rois'].device
        tensors = {
            name: torch.as_tensor(out[source]).to(device, torch.float32, non_blocking=True)
            for name, source in PREDICTIONS.items()
            if source in out
        }
        tensors['pred_pose'] = tensors['pred_pose'].reshape(-1, 24, 3, 3)
        tensors.update(self._cameras(out, tensors, batch))
        for name in ('rois', 'focal_length', 'principal_point', 'sample_idx'):
            tensors[name] = batch[name]
        count = len(tensors['pred_pose'])
        return [{name: value[i] for name, value in tensors.items()} for i in range(count)]

    def _cameras(
        self, out: dict[str, Any], tensors: dict[str, Tensor], batch: Batch
    ) -> dict[str, Tensor]:
        """``pred_cam`` and ``pred_cam_full``, (N, 1, 3) each, and ``pred_transl`` (N, 3)."""
        roi, focal = batch['rois'][:, 0], batch['focal_length']
        if 'camera' not in out:
            pelvis = rest_joints(self.body_model, tensors['pred_betas'])[:, 0]
            transl = out['root'] - pelvis
            return {'pred_cam_full': transl[:, None], 'pred_transl': transl}
        camera = torch.as_tensor(out['camera']).to(roi, non_blocking=True).reshape(-1, 3)
        if _reads_boxes(self.architecture):  # CLIFF returns the camera of the image
            local, full = full_to_crop_camera(camera, roi, focal), camera
        else:
            local, full = camera, crop_to_full_camera(camera, roi, focal)
        return {'pred_cam': local[:, None], 'pred_cam_full': full[:, None], 'pred_transl': full}


def _reads_boxes(architecture: nn.Module) -> bool:
    """Whether it is mmhuman3d's CLIFF, whose head also takes ``bbox_info``."""
    from mmhuman3d.models.architectures.cliff_mesh_estimator import CliffImageBodyModelEstimator

    return isinstance(architecture, CliffImageBodyModelEstimator)


def _to_float(features: Any) -> Any:
    """Feature maps in float32, single or several."""
    if isinstance(features, (list, tuple)):
        return type(features)(_to_float(x) for x in features)
    return features.float()


def _loss_name(name: str) -> str:
    """mmhuman3d's ``vertex_loss`` as ``loss_vertex``: mmengine's loggers group by prefix."""
    return f'loss_{name[:-5]}' if name.endswith('_loss') else name


def _mmhuman3d_names(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """State dict hook: names as in mmhuman3d's checkpoints, without body models."""
    for key in [key for key in state if key.startswith(prefix + PREFIX)]:
        value, name = state.pop(key), key[len(prefix + PREFIX) :]
        if not name.startswith(BODIES):
            state[prefix + name] = value


def _our_names(state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Inverse of `_mmhuman3d_names`, before loading."""
    for key in [key for key in state if key.startswith(prefix)]:
        name = key[len(prefix) :]
        if name.startswith(BODIES):
            del state[key]
        elif not name.startswith((PREFIX, 'data_preprocessor.', 'body_model.')):
            state[prefix + PREFIX + name] = state.pop(key)
