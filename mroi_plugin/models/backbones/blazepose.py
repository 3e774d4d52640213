"""BlazePose GHUM's pose networks as encoders, with their weights."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from safetensors import safe_open
from torch import Tensor, nn

from mroi_plugin.models.backbones.conv_graph import ConvGraph
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.indices import on_device
from mroi_plugin.utils.required_files import RequiredFile, require_files
from mroi_plugin.utils.weight_digest import digest_of

ASSETS = Path(__file__).resolve().parents[2] / 'assets' / 'models'
CROP_PX = 256
"""Side of the crops that the networks were trained with."""
STRIDE = 32
"""Pixels of a crop that the narrowest maps shrink to one."""
NUM_LANDMARKS = 39
"""33 landmarks of the body and 6 auxiliary ones."""
LANDMARKS = {
    **{'head': 0, 'left_shoulder': 11, 'right_shoulder': 12, 'left_elbow': 13, 'right_elbow': 14},
    **{'left_wrist': 15, 'right_wrist': 16, 'left_hand': 19, 'right_hand': 20, 'left_hip': 23},
    **{'right_hip': 24, 'left_knee': 25, 'right_knee': 26, 'left_ankle': 27, 'right_ankle': 28},
    **{'left_foot': 31, 'right_foot': 32},
}
"""Joints of SMPL and the landmark of BlazePose nearest to each."""
OUTPUTS = {'middle': (), 'map': ('map',), 'landmarks': ('landmarks', 'world')}
"""Outputs of the network by the kind of feature that they make."""
TRAINABLE = ('none', 'rest', 'all')
MIDDLE_PX = 8
"""Height of the map that ``middle`` is made of."""
MIDDLE_UNIT, MAP_UNIT, LANDMARK_UNIT, WORLD_UNIT_M = 2.0, 0.2, 0.25, 0.3
"""What features are divided by, about their standard deviations over crops of people."""


@register(MODELS, mmhuman3d='BACKBONES')
class BlazePose(BaseModule):
    """One feature (N, D) per crop by a network of BlazePose GHUM (Grishchenko et al., CVPRW 2022).

    A chain of convolutions without batch norm ends in a map of 2x2 pixels, from which the network
    itself computes 39 landmarks. ``forward(crops)`` is ``rest(stem(crops))``, and the feature has,
    in the order of ``features`` and for ``full``:

    - ``middle``: the narrowest map that is 8 pixels high, averaged over each quarter of the crop,
      in `MIDDLE_UNIT`; 576 numbers.
    - ``map``: the last map, pixel by pixel, in `MAP_UNIT`; 1152 numbers, many of which are 0 for
      every crop.
    - ``landmarks``: x, y and z of each in sides of the crop, x and y from its center, in
      `LANDMARK_UNIT`; visibility and presence as probabilities; then x, y and z in meters from the
      middle of the hips, in `WORLD_UNIT_M`; 312 numbers.

    What `stem` gives can be kept as long as the stem is not trained. Its numbers per crop, and the
    weights of ``full`` after it, by ``split``: 16: 16384, 3.0 M; 8: 9216, 2.5 M; 4: 4608, 1.2 M; 2:
    1152, 0.8 M.

    The rest is hard to train as it is stored, without the batch norms it was trained with: its
    tensors differ in scale by 10^3. Use ``batch_norm=True`` and `RelativeRates`.

    Args:
        variant: ``lite``, ``full`` or ``heavy`` as they are published, or ``full_synthetic``, which
            is ``full`` trained on with rendered people by ``mroi_open_landmarks`` and
            ``mroi_open_gpu``; all weights but those of ``heavy`` are in the package.
        features: kinds of features, of `OUTPUTS`; not ``middle`` alone.
        trainable: what is trained: ``none`` of the network, its ``rest``, or ``all``. Gradients do
            not pass through a stem that is not trained. In the rest alone, depthwise kernels stay
            as they are: 2 % of its weights and half of the time of a step on a CPU.
        split: height, in pixels, of the map between stem and rest; 8 or more with ``middle``.
        batch_norm: follow the convolutions of the rest by batch norms, for training; without them,
            the same weights load folded.
        checkpoint: file that ``python -m mroi_plugin.deploy.converters.blazepose`` has made; None
            takes that of ``variant`` in the package.
        init_cfg: see mmengine; what it loads takes the place of these weights.

    Raises:
        MissingFilesError: if there are no such weights.
        ValueError: for an unknown option.
    """

    def __init__(
        self,
        variant: str = 'full',
        features: Sequence[str] = ('middle', 'landmarks'),
        trainable: str = 'all',
        split: int = 8,
        batch_norm: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        outputs = [name for kind in features for name in OUTPUTS.get(kind, ())]
        if not outputs or not set(features) <= set(OUTPUTS):
            raise ValueError(
                f'BlazePose: features={features!r}, expected some of {[*OUTPUTS]}, and not middle '
                'alone.'
            )
        if trainable not in TRAINABLE:
            raise ValueError(f'BlazePose: trainable={trainable!r}, expected one of {TRAINABLE}.')
        self.features, self.output_names = tuple(features), outputs
        self.trainable, self.split = trainable, split
        self.network = load_network(
            ASSETS / f'blazepose_{variant}.safetensors' if checkpoint is None else checkpoint,
            outputs,
        )
        self.cut, middle = self.network.cut(split), self.network.cut(MIDDLE_PX)
        if 'middle' in features and self.cut > middle:
            raise ValueError(
                f"BlazePose: split={split} is after what the feature 'middle' is of: expected "
                f'{MIDDLE_PX} or more, or other features.'
            )
        self.middle_cut = max(self.cut, middle)
        frozen = {'none': None, 'rest': self.cut, 'all': 0}[trainable]
        for conv in self.network.convs_before(frozen):
            conv.requires_grad_(False)
        rest = [i for i in self.network.steps[self.cut :] if str(i) in self.network.convs]
        for conv in (self.network.convs[str(i)] for i in rest):
            if trainable == 'rest' and conv.groups > 1:
                conv.weight.requires_grad_(False)
        self.out_channels = self._out_channels()
        for i in rest if batch_norm else ():
            if self.network.nodes[i]['shape'][1] > 1:  # not what gives landmarks
                self.network.convs[str(i)].add_norm()

    def _out_channels(self) -> int:
        """D of `rest`: four quarters of each middle map, and all numbers of the outputs."""
        middle, last = (
            [self.network.nodes[i]['shape'] for i in self.network.alive[cut]]
            for cut in (self.middle_cut, -1)
        )
        quarters = sum(4 * shape[0] for shape in middle) if 'middle' in self.features else 0
        return quarters + sum(math.prod(shape) for shape in last)

    def forward(self, crops: Tensor) -> Tensor:
        """Features (N, D) of crops (N, 3, h, w), see `stem`, or of the one map that it gives for
        them."""
        if crops.shape[1] != 3:
            return self.rest([crops])
        return self.rest(self.stem(crops))

    def stem(self, crops: Tensor, resized: bool = True) -> tuple[Tensor, ...]:
        """The network up to ``split``.

        Args:
            crops: (N, 3, h, w) RGB in [0, 1], so that the data preprocessor has mean 0 and std 255.
            resized: make them 256x256 first, bilinearly, with black beside them where they are no
                squares; else their sides are multiples of `STRIDE`.

        Returns:
            The maps (N, C, split, split) that `rest` needs, or, of crops of other sizes, maps in
            proportion: one, but for ``heavy`` with a ``split`` of 16 or more.

        Raises:
            ValueError: for crops of other sides, if they are not resized.
        """
        height, width = (int(side) for side in crops.shape[-2:])
        if not resized and (height % STRIDE or width % STRIDE):
            raise ValueError(
                f'BlazePose: a crop of {width}x{height} px, expected multiples of {STRIDE} px: '
                'choose other scales in SizedCropEncoder, or another shared in MultiRoICrop.'
            )
        if resized and (height, width) != (CROP_PX, CROP_PX):
            size = (CROP_PX, CROP_PX)
            crops = F.interpolate(_square(crops), size, mode='bilinear', align_corners=False)
        # CPUs are faster in this order of memory, also where the weights have the other.
        crops = crops.contiguous(memory_format=torch.channels_last)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.trainable == 'all'):
            return self.network([crops], stop=self.cut)

    def stem_digest(self) -> str:
        """SHA-256 of the weights that `stem` depends on."""
        return digest_of(nn.ModuleList(self.network.convs_before(self.cut)))

    def rest(self, maps: Sequence[Tensor]) -> Tensor:
        """Features (N, D) from the maps that `stem` gives."""
        middle = self.network(maps, start=self.cut, stop=self.middle_cut)
        outputs = dict(zip(self.output_names, self.network(middle, start=self.middle_cut)))
        parts = []
        for kind in self.features:
            if kind == 'middle':
                parts += [_quarters(x) for x in middle]
            parts += [FEATURES[name](outputs[name].flatten(1)) for name in OUTPUTS[kind]]
        return torch.cat(parts, dim=1)

    def landmarks(self, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Points in features (N, D).

        Returns:
            Landmarks (N, 39, 3) in longer sides of the crop, which are the RoI's, x and y from its
            center; and (N, 39, 3) in meters from the middle of the hips, with the axes of the
            camera.

        Raises:
            ValueError: if ``landmarks`` are not among the features.
        """
        if self.features[-1] != 'landmarks':
            raise ValueError(f"features={self.features!r}, expected 'landmarks' as the last.")
        points, world = feature[:, -NUM_LANDMARKS * 8 :].split(
            [NUM_LANDMARKS * 5, NUM_LANDMARKS * 3], dim=1
        )
        points = LANDMARK_UNIT * points.reshape(-1, NUM_LANDMARKS, 5)[..., :3]
        return points, WORLD_UNIT_M * world.reshape(-1, NUM_LANDMARKS, 3)

    def joint_places(self, feature: Tensor) -> Tensor:
        """Joints of SMPL, those that are keys of `LANDMARKS`, in features (N, D): (N, K, 2) in
        longer sides of the crop from its center."""
        points = self.landmarks(feature)[0]
        return points[:, on_device(LANDMARKS.values(), points.device), :2]


def _square(crops: Tensor) -> Tensor:
    """Crops (N, 3, h, w) in the middle of black squares."""
    height, width = crops.shape[-2:]
    beside, above = max(height - width, 0), max(width - height, 0)
    return F.pad(crops, (beside // 2, (beside + 1) // 2, above // 2, (above + 1) // 2))


def _quarters(x: Tensor) -> Tensor:
    """(N, 4 C) means over the quarters of a map (N, C, h, w)."""
    return F.avg_pool2d(x, int(x.shape[-1]) // 2).flatten(1) / MIDDLE_UNIT


def _landmark_feature(flat: Tensor) -> Tensor:
    """(N, 195) from x, y, z in pixels of the crop, visibility and presence as logits (N, 195)."""
    places, depths, scores = flat.reshape(-1, NUM_LANDMARKS, 5).split([2, 1, 2], dim=2)
    places = (places / CROP_PX - 0.5) / LANDMARK_UNIT
    depths = depths / CROP_PX / LANDMARK_UNIT
    return torch.cat([places, depths, scores.sigmoid()], dim=2).flatten(1)


FEATURES = {
    'map': lambda x: x / MAP_UNIT,
    'landmarks': _landmark_feature,
    'world': lambda x: x / WORLD_UNIT_M,
}
"""From an output of the network (N, C) to its part of the feature (N, C)."""


def load_network(path: str | os.PathLike[str], outputs: Sequence[str]) -> ConvGraph:
    """Network of a file of `mroi_plugin.deploy.converters.blazepose`, in float32.

    Args:
        path: of the file.
        outputs: what to compute, in this order: ``map`` (N, C, 2, 2), ``landmarks`` (N, 195, 1, 1),
            ``world`` (N, 117, 1, 1), ``presence`` (N, 1, 1, 1), ``heatmap`` (N, 39, 64, 64),
            ``mask`` (N, 1, 256, 256).

    Raises:
        MissingFilesError: if there is no such file.
    """
    hint = (
        'pip install tflite, npm pack @mediapipe/pose@0.5.1675469404, unpack, convert by python -m '
        'mroi_plugin.deploy.converters.blazepose pose_landmark_heavy.tflite heavy.safetensors, and '
        "set checkpoint='heavy.safetensors'; lite, full and full_synthetic are in the package"
    )
    require_files([RequiredFile(path, 'variant or checkpoint of BlazePose', hint)])
    with safe_open(os.fspath(path), framework='pt') as file:
        about = json.loads(file.metadata()['network'])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return ConvGraph(about['nodes'], weights, [about['outputs'][name] for name in outputs])
