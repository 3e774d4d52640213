"""HRNet as it classifies images: four resolutions merged into one map of 2048 channels."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mroi_plugin.registry import MODELS, register

PLANES = (32, 64, 128, 256)
"""Widths of the four bottlenecks, whose outputs are four times as wide."""
EXPANSION = 4


@register(MODELS, mmhuman3d='BACKBONES')
class ClassificationHRNet(BaseModule):
    """HRNet of image classification (Wang et al., TPAMI 2020, Fig. 5), the encoder of CLIFF's
    authors.

    A bottleneck widens each resolution ``y_i`` of an HRNet; from the finest on, they are halved and
    added, ``z_0 = B_0(y_0)``, ``z_i = B_i(y_i) + D_i(z_{i-1})``, and a 1x1 convolution gives 2048
    channels.

    Args:
        hrnet: config of mmhuman3d's ``PoseHighResolutionNet``, whose heatmap layer is dropped.
        out_channels: D of the map.
        init_cfg: see mmengine; pretrained weights of the HRNet are those of ``hrnet.init_cfg``.
    """

    def __init__(
        self,
        hrnet: dict[str, Any],
        out_channels: int = 2048,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        extra = {**hrnet['extra'], 'downsample': False, 'use_conv': False, 'return_list': True}
        self.hrnet = MODELS.build({**hrnet, 'extra': extra})
        self.hrnet.final_layer = nn.Identity()
        bottleneck = self.hrnet.blocks_dict['BOTTLENECK']
        widths = extra['stage4']['num_channels']
        self.incre_modules = nn.ModuleList(
            self.hrnet._make_layer(bottleneck, width, planes, 1)
            for width, planes in zip(widths, PLANES)
        )
        outputs = [EXPANSION * planes for planes in PLANES]
        self.downsamp_modules = nn.ModuleList(
            _conv_norm_relu(fine, coarse, kernel_size=3, stride=2, padding=1)
            for fine, coarse in zip(outputs, outputs[1:])
        )
        self.final_layer = _conv_norm_relu(outputs[-1], out_channels, kernel_size=1)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Feature map (N, D, h / 32, w / 32) of normalized crops (N, 3, h, w)."""
        widened = [widen(y) for widen, y in zip(self.incre_modules, self.hrnet(x))]
        merged = widened[0]
        for halve, coarser in zip(self.downsamp_modules, widened[1:]):
            merged = coarser + halve(merged)
        return self.final_layer(merged)


def _conv_norm_relu(in_channels: int, out_channels: int, **options: int) -> nn.Sequential:
    """A convolution with bias, as in the published network, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, **options),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
