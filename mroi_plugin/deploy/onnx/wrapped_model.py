"""The network as the ONNX file holds it: from crops to bodies and cameras."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator

OUTPUTS = ('pred_pose', 'pred_betas', 'pred_cam', 'pred_cam_full', 'fusion_weights')
BODY_OUTPUTS = ('pred_vertices', 'pred_joints', 'pred_transl')


class WrappedModel(nn.Module):
    """A `MultiRoIEstimator` with tensors in and out, normalization of the crops within.

    Args:
        model: trained.
        body: pose the body too.
        crop_size: (w, h) px of the crops.
    """

    def __init__(self, model: MultiRoIEstimator, body: bool, crop_size: tuple[int, int]) -> None:
        super().__init__()
        self.model, self.body, self.crop_size = model, body, crop_size

    @property
    def shared_crop(self) -> bool:
        """Whether one crop shows all RoIs of a person."""
        return self.model.encoder.shared_crop

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what `forward` takes."""
        return ('crops', 'rois', 'focal_length', *(('shared_roi',) if self.shared_crop else ()))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what `forward` returns."""
        return (*OUTPUTS, *(BODY_OUTPUTS if self.body else ()))

    def example(self, persons: int) -> tuple[Tensor, ...]:
        """Plausible inputs: crops of noise, RoIs of an image, different focal lengths."""
        generator = torch.Generator().manual_seed(persons)
        (width, height), rois = self.crop_size, self.model.head.num_rois
        count = 1 if self.shared_crop else rois
        crops = torch.randint(0, 256, (persons, count, 3, height, width), generator=generator)
        centers = torch.rand(persons, rois, 2, generator=generator) * 400 - 200
        sides = torch.rand(persons, rois, 1, generator=generator) * 300 + 100
        focal = torch.rand(persons, generator=generator) * 1000 + 600
        shared = torch.tensor([0.0, 0.0, 800.0]).expand(persons, 3).contiguous()
        inputs = crops.to(torch.uint8), torch.cat([centers, sides], -1), focal, shared
        return inputs[: len(self.inputs)]

    def forward(
        self, crops: Tensor, rois: Tensor, focal_length: Tensor, shared_roi: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Predict.

        Args:
            crops: (N, M, 3, h, w) RGB in 0..255, uint8 or float; (N, 1, 3, h, w) where all RoIs
                share one.
            rois: (N, M, 3) center relative to the principal point and side, px.
            focal_length: (N) px.
            shared_roi: (N, 3) likewise, what a crop that is shared shows.

        Returns:
            ``pred_pose`` (N, 24, 3, 3), ``pred_betas`` (N, 10), ``pred_cam`` (N, M, 3),
            ``pred_cam_full`` (N, M, 3) m, ``fusion_weights`` (N, M, M), and with the body
            ``pred_vertices`` (N, V, 3) and ``pred_joints`` (N, K, 3) m without translation, and
            ``pred_transl`` (N, 3) m.
        """
        preprocessor = self.model.data_preprocessor
        images = (crops.to(torch.float32) - preprocessor.mean) / preprocessor.std
        batch = {'rois': rois, 'focal_length': focal_length}
        if shared_roi is not None:
            batch['shared_roi'] = shared_roi
        out = self.model.extract(images, batch)
        return tuple(out[name] for name in self.outputs)
