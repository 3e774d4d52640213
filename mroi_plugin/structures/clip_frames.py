"""The frames of a clip as results with bodies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from mroi_plugin.structures.clip import Clip
from mroi_plugin.structures.columns import FORMAT, VERSION, from_columns
from mroi_plugin.structures.results import ImageResult


@torch.no_grad()
def iterate_clip(clip: Clip, body: nn.Module) -> Iterator[ImageResult]:
    """Results of a clip's frames in their order, with the vertices that pose and betas mean.

    Args:
        clip: of a video.
        body: `SMPLBody`, the one that the results are of.
    """
    faces = np.asarray(body.faces, np.int64)
    for t, frame in enumerate(clip.frames.tolist()):
        who = clip.present[t]
        columns = {name: values[t, who] for name, values in clip.columns.items()}
        pose, betas = (torch.from_numpy(columns[name]) for name in ('pose', 'betas'))
        vertices = np.zeros((0, 0, 3), np.float32)
        if who.any():
            posed = body(
                global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False
            )
            vertices = posed['vertices'].numpy()
        told = {
            **columns,
            'format': FORMAT,
            'version': VERSION,
            'name': f'{clip.name}#{frame:06d}',
            'size': clip.size,
            'crop_size': clip.crop_size,
            'frame': frame,
            'faces': faces,
            'joint_names': clip.joint_names,
            'track': clip.tracks[who],
            'vertices': vertices,
        }
        yield from_columns(clip.name, told)
