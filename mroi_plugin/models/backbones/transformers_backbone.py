"""Backbones of Hugging Face's transformers: ViTPose, DINOv2, ViT and what else offers features."""

from __future__ import annotations

import os.path as osp
from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.registry import MODELS, register

POSE_MODEL = 'vitpose'
"""Its saved form is the whole 2D-pose network, of which the backbone is a part."""


@register(MODELS, mmhuman3d='BACKBONES')
class TransformersBackbone(nn.Module):
    """One feature map (N, D, h / p, w / p) of crops (N, 3, h, w), p being the side of a patch.

    Args:
        config: ``model_type`` and options of a config class of transformers, to start from noise.
        pretrained: folder of a saved model, in place of ``config``.
        checkpointing: recompute activations in the backward pass, to save memory.
        expert: of a network with experts (ViTPose+): the data set whose expert computes, 0 COCO.

    Raises:
        ImportError: if ``transformers`` is not installed.
        FileNotFoundError: if there is no such folder.
        ValueError: unless one of ``config`` and ``pretrained`` is given, or without such an
            expert.
    """

    def __init__(
        self,
        config: dict[str, Any] | None = None,
        pretrained: str | None = None,
        checkpointing: bool = False,
        expert: int = 0,
    ) -> None:
        super().__init__()
        if (config is None) == (pretrained is None):
            raise ValueError('TransformersBackbone: give either config or pretrained.')
        self.encoder = _from_config(config) if pretrained is None else _from_folder(pretrained)
        if checkpointing:
            self.encoder.gradient_checkpointing_enable({'use_reentrant': False})
        size, patch = self.encoder.config.image_size, self.encoder.config.patch_size
        self.image_size = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
        self.patch = tuple(patch) if isinstance(patch, (list, tuple)) else (patch, patch)
        experts = getattr(self.encoder.config, 'num_experts', 1)
        if not 0 <= expert < experts:
            raise ValueError(f'TransformersBackbone: expert={expert}, the network has {experts}.')
        self.expert = expert if experts > 1 else None
        self.out_channels = self.encoder.config.hidden_size
        # ViTPose's positions belong to one size of image; others interpolate theirs.
        self.fixed_size = self.encoder.config.model_type.startswith(POSE_MODEL)

    def forward(self, x: Tensor) -> Tensor:
        """Encode crops (N, 3, h, w), normalized.

        Raises:
            ValueError: if the network cannot take crops of this size.
        """
        height, width = x.shape[-2:]
        wrong = height % self.patch[0] or width % self.patch[1]
        if wrong or (self.fixed_size and (height, width) != self.image_size):
            wanted = f'{self.image_size[0]}x{self.image_size[1]}'
            raise ValueError(
                f'crops are {height}x{width} (h x w); this backbone takes '
                + (wanted if self.fixed_size else f'multiples of its patch {self.patch}')
                + ': set crop_size=(w, h) of MultiRoICrop.'
            )
        more = {}
        if self.expert is not None:
            more['dataset_index'] = torch.full((len(x),), self.expert, device=x.device)
        features = self.encoder(x, **more).feature_maps[-1]
        if features.dim() == 4:
            return features
        grid = (height // self.patch[0], width // self.patch[1])
        return features.transpose(1, 2).reshape(len(x), -1, *grid)


def _transformers() -> Any:
    try:
        import transformers

        transformers.AutoBackbone.from_config  # noqa: B018  (a stand-in without a usable torch)
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f'TransformersBackbone needs transformers ({error}): pip install '
            "'mroi_plugin[transformers]' beside torch >= 2."
        ) from error
    return transformers


def _from_config(options: dict[str, Any]) -> nn.Module:
    transformers = _transformers()
    options = dict(options)
    config = transformers.AutoConfig.for_model(options.pop('model_type'), **options)
    return transformers.AutoBackbone.from_config(config)


def _from_folder(folder: str) -> nn.Module:
    transformers = _transformers()
    if not osp.isdir(folder):
        raise FileNotFoundError(
            f'{folder} (pretrained of TransformersBackbone): no such folder; save a model there, '
            'e.g. with huggingface-cli download usyd-community/vitpose-base-simple --local-dir '
            f'{folder}.'
        )
    config = transformers.AutoConfig.from_pretrained(folder)
    if config.model_type == POSE_MODEL:
        return transformers.VitPoseForPoseEstimation.from_pretrained(folder).backbone
    return transformers.AutoBackbone.from_pretrained(folder)
