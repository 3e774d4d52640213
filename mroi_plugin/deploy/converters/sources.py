"""Names of the parameters in each kind of foreign checkpoint, and ours for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SPIN_HEAD = (
    (r'(?:head\.)?(fc1|fc2)\.(weight|bias)', r'head.joint_decoder.\1.\2'),
    (r'(?:head\.)?decpose\.(weight|bias)', r'head.joint_decoder.decode.pose.\1'),
    (r'(?:head\.)?decshape\.(weight|bias)', r'head.joint_decoder.decode.betas.\1'),
    (r'(?:head\.)?deccam\.(weight|bias)', r'head.joint_decoder.decode.cam.\1'),
)
MEAN_STATE = 'head.joint_decoder.mean_state'
SPIN_MEAN = tuple((rf'(?:head\.)?init_{name}', MEAN_STATE) for name in ('pose', 'shape', 'cam'))
"""Buffers that together are ours, in this order."""
RESNET = r'((?:conv1|bn1|layer[1-4])\..+)'
HRNET = r'((?:conv[12]|bn[12]|layer1|transition\d|stage\d)\..+)'
HRNET_TOP = r'((?:final_layer|downsample_stage_\d|incre_modules|downsamp_modules)\..+)'
"""Layers between the four resolutions of an HRNet and what it gives."""


@dataclass(frozen=True)
class Source:
    """One kind of checkpoint.

    Args:
        title: for people.
        rules: pattern of a whole name, and ours for it; the first that fits counts.
        marks: names that every checkpoint of this kind has.
        configs: ours that it is for.
        not_needed: patterns of what has no place in ours, and is not missed.
        fills: prefixes of ours that it must fill.
        optional: prefixes of ours that it need not fill.
        nothing_else: whether all of its names have a place or are not needed.
    """

    title: str
    rules: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    configs: tuple[str, ...]
    not_needed: tuple[str, ...] = ()
    fills: tuple[str, ...] = ('backbone.', 'head.')
    optional: tuple[str, ...] = ()
    nothing_else: bool = False

    def rename(self, name: str) -> str | None:
        """Our name of a parameter, None if it has none."""
        for pattern, ours in self.rules:
            match = re.fullmatch(pattern, name)
            if match:
                return match.expand(ours)
        return None

    def needs_not(self, name: str) -> bool:
        """Whether a name is known to have no place in ours."""
        return any(re.fullmatch(pattern, name) for pattern in self.not_needed)


HEATMAPS = (
    r'(?:backbone\.|head\.|keypoint_head\.)?(?:final_layer|deconv_layers)\..+',
    r'fc\.(?:weight|bias)',
)
SOURCES = {
    'released': Source(
        "the Multi-RoI authors' network",
        (
            *SPIN_HEAD,
            *SPIN_MEAN,
            (r'fuse_fc\.(weight|bias)', r'head.fusion.strategy.embed.\1'),
            (r'attention\.(0|2|4)\.(weight|bias)', r'head.fusion.strategy.mlp.\1.\2'),
            (r'proj_head\.(0|1|3|4)\.(.+)', r'head.embedding.project.\1.\2'),
            (RESNET, r'backbone.\1'),
            *((rf'backbone\.{part}', r'backbone.\1') for part in (RESNET, HRNET, HRNET_TOP)),
        ),
        marks=('fuse_fc.weight', 'attention.0.weight', 'decpose.weight'),
        configs=('mroi_released_resnet50', 'mroi_released_hrnet48'),
        # Frequencies and phases of the encoding are computed; the body is a file of its own.
        not_needed=(r'pos_enc\._(?:freqs|phases)', r'smpl\..+'),
        optional=('head.embedding.', 'backbone.final_layer.'),  # not on the way to the body
    ),
    'cliff': Source(
        "the CLIFF authors' network",
        (
            *SPIN_HEAD,
            *SPIN_MEAN,
            *(
                (rf'(?:backbone|encoder)\.{part}', r'backbone.\1')
                for part in (RESNET, HRNET, HRNET_TOP)
            ),
        ),
        marks=('encoder.conv1.weight', 'decpose.weight', 'fc1.weight'),
        configs=('cliff_released_resnet50', 'cliff_released_hrnet48'),
        not_needed=(r'smpl\..+', r'encoder\.fc\..+'),
    ),
    'hrnet_pose': Source(
        'HRNet trained on COCO 2D pose',
        ((rf'(?:backbone\.)?{HRNET}', r'backbone.\1'),),
        marks=('conv2.weight', 'stage2.0.branches.0.0.conv1.weight'),
        configs=('mroi_hrnet48', 'cliff_hrnet48'),
        not_needed=HEATMAPS,
        fills=('backbone.',),
        optional=(
            *('backbone.final_layer.', 'backbone.downsample_stage_'),
            *('backbone.incre_modules.', 'backbone.downsamp_modules.'),
        ),
        nothing_else=True,
    ),
    'pose_resnet': Source(
        'PoseResNet trained on COCO 2D pose',
        ((rf'(?:backbone\.)?{RESNET}', r'backbone.\1'),),
        marks=('conv1.weight', 'layer4.0.conv1.weight'),
        configs=('mroi_resnet50', 'cliff_resnet50'),
        not_needed=HEATMAPS,
        fills=('backbone.',),
        nothing_else=True,
    ),
}
