"""Names of the parameters in each kind of foreign checkpoint, and ours for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SPIN_HEAD = (
    (r'(?:head\.)?(fc1|fc2)\.(weight|bias)', r'head.joint_decoder.\1.\2'),
    (r'(?:head\.)?decpose\.(weight|bias)', r'head.joint_decoder.decode.pose.\1'),
    (r'(?:head\.)?decshape\.(weight|bias)', r'head.joint_decoder.decode.betas.\1'),
    (r'(?:head\.)?deccam\.(weight|bias)', r'head.joint_decoder.decode.cam.\1'),
)
MEAN = tuple(rf'(?:head\.)?init_{name}' for name in ('pose', 'shape', 'cam'))
"""Buffers that together are ``mean_state``."""
ENCODER = ((r'(?:backbone|encoder)\.(.+)', r'backbone.\1'),)
BARE_BACKBONE = (
    (r'((?:conv1|bn1|conv2|bn2|layer\d|transition\d|stage\d)\..+)', r'backbone.\1'),
    (r'backbone\.(.+)', r'backbone.\1'),
)


@dataclass(frozen=True)
class Source:
    """One kind of checkpoint.

    Args:
        title: for people.
        rules: pattern of a whole name, and ours for it; the first that fits counts.
        ignored: patterns of what has no place in ours.
        fills: prefixes of ours that it must fill.
    """

    title: str
    rules: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...] = ()
    fills: tuple[str, ...] = ('backbone.', 'head.')

    def rename(self, name: str) -> str | None:
        """Our name of a parameter, None if it has none."""
        for pattern, ours in self.rules:
            match = re.fullmatch(pattern, name)
            if match:
                return match.expand(ours)
        return None

    def ignores(self, name: str) -> bool:
        """Whether a name is known to have no place in ours."""
        return any(re.fullmatch(pattern, name) for pattern in self.ignored)


HEATMAP_LAYERS = (r'final_layer\..+', r'deconv_layers\..+', r'keypoint_head\..+', r'fc\..+')
SOURCES = {
    'released': Source(
        "the Multi-RoI authors' network",
        (
            *SPIN_HEAD,
            (r'fuse_fc\.(weight|bias)', r'head.fusion.strategy.embed.\1'),
            (r'attention\.(0|2|4)\.(weight|bias)', r'head.fusion.strategy.mlp.\1.\2'),
            (r'proj_head\.gate\.(weight|bias)', r'head.embedding.gate.\1'),
            (r'proj_head\.(0|1|3|4)\.(.+)', r'head.embedding.project.\1.\2'),
            *ENCODER,
        ),
        ignored=(r'smpl\..+',),
    ),
    'cliff': Source(
        "the CLIFF authors' network",
        (*SPIN_HEAD, *ENCODER),
        ignored=(r'smpl\..+', r'encoder\.fc\..+'),
    ),
    'hrnet_pose': Source(
        'HRNet trained on COCO 2D pose', BARE_BACKBONE, HEATMAP_LAYERS, fills=('backbone.',)
    ),
    'pose_resnet': Source(
        'PoseResNet trained on COCO 2D pose', BARE_BACKBONE, HEATMAP_LAYERS, fills=('backbone.',)
    ),
}


def detect_source(names: Iterable[str]) -> str:
    """Kind of a checkpoint by its parameters.

    Raises:
        ValueError: if it is none of the known ones.
    """
    names = list(names)

    def has(*prefixes: str) -> bool:
        return any(name.startswith(prefixes) for name in names)

    if has('fuse_fc.', 'attention.'):
        return 'released'
    if has('decpose.', 'head.decpose.'):
        return 'cliff'
    if has('stage2.', 'backbone.stage2.'):
        return 'hrnet_pose'
    if has('layer4.', 'backbone.layer4.'):
        return 'pose_resnet'
    raise ValueError(
        f'unknown checkpoint: its first parameters are {", ".join(sorted(names)[:3])}. Expected '
        f'one of {", ".join(SOURCES)}; name it with --source.'
    )
