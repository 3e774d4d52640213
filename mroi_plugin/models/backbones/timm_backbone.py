"""Backbones of timm, PyTorch Image Models: any name of ``timm.list_models()``."""

from __future__ import annotations

import os
import os.path as osp
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mroi_plugin.registry import MODELS, register


@register(MODELS, mmhuman3d='BACKBONES')
class TimmBackbone(BaseModule):
    """The last feature map (N, D, h / s, w / s) of crops (N, 3, h, w), s being the model's stride.

    Args:
        name: of the model, e.g. ``convnext_tiny.fb_in22k`` or ``vit_small_patch16_224``. The mean
            and std that its crops are normalized with are in ``timm.get_pretrained_cfg(name)``;
            the data preprocessor has them times 255.
        pretrained: download timm's weights of that name.
        checkpoint: file of a state dict of that model, ``.safetensors`` or ``.pth``, whose
            classifier is skipped.
        options: of ``timm.create_model``, e.g. ``img_size=(h, w)``, which most transformers need,
            or ``drop_path_rate``.
        init_cfg: see mmengine.

    Raises:
        ImportError: if timm is not installed, or torchvision, which it needs, does not fit torch.
        FileNotFoundError: if there is no such checkpoint.
        ValueError: if the checkpoint is not of that model, or both weights are asked for.
    """

    def __init__(
        self,
        name: str,
        pretrained: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        options: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if pretrained and checkpoint is not None:
            raise ValueError('TimmBackbone: give pretrained=True or a checkpoint, not both.')
        self.encoder = _timm().create_model(
            name, pretrained=pretrained, features_only=True, out_indices=(-1,), **(options or {})
        )
        if checkpoint is not None:
            _load(self.encoder, checkpoint, name)
        self.out_channels = self.encoder.feature_info.channels()[-1]
        self.channels_at_the_end = getattr(self.encoder, 'output_fmt', 'NCHW') == 'NHWC'

    def forward(self, x: Tensor) -> Tensor:
        """Feature map of crops (N, 3, h, w), normalized."""
        (features,) = self.encoder(x)
        return features.permute(0, 3, 1, 2) if self.channels_at_the_end else features


def _timm() -> Any:
    try:
        import timm
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision of another torch
        raise ImportError(
            f"TimmBackbone needs timm ({error}): pip install 'mroi_plugin[timm]', with a "
            'torchvision made for the torch that is installed.'
        ) from error
    return timm


def _load(encoder: nn.Module, path: str | os.PathLike[str], name: str) -> None:
    """Load a state dict of the whole model; the parts of an encoder are named after it."""
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (checkpoint of TimmBackbone): no such file.')
    stored = _timm().models.load_state_dict(os.fspath(path))
    stored = {_plain(key): value for key, value in stored.items()}
    ours = encoder.state_dict()
    wrong = [
        key
        for key, value in ours.items()
        if _plain(key) not in stored or stored[_plain(key)].shape != value.shape
    ]
    if wrong:
        raise ValueError(
            f'{path} (checkpoint of TimmBackbone): {len(wrong)} of {len(ours)} entries of {name} '
            f'are not there or have another shape, {wrong[0]} first; expected a state dict of '
            f'timm.create_model({name!r}) with the same options.'
        )
    encoder.load_state_dict({key: stored[_plain(key)] for key in ours})


def _plain(key: str) -> str:
    """``stages.0.norm.bias`` of the model, ``stages_0.norm.bias`` or ``model.stages.0.norm.bias``
    of an encoder."""
    return (key[len('model.') :] if key.startswith('model.') else key).replace('.', '_')
