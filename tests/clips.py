"""A short clip with known bodies: two persons who are followed, one with a gap, and a stranger."""

from __future__ import annotations

import numpy as np
import roma
import torch

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.structures.results import ImageResult, InstanceResult

FPS = 10.0
NUMBERS = (3, 4, 5, 7, 8, 9)
"""Of the frames; 6 has no result."""
SEEN = {5: (0, 1, 2, 3, 4, 5), 2: (1, 2, 4)}
"""Places of the frames that the tracks are in."""
STRANGER = 3
"""Place of the frame with a person whom nobody followed."""
SIZE, FOCAL = (640, 480), 900.0


def turns(person: int, when: float, strength: float = 1.0) -> torch.Tensor:
    """(1, 24, 3) rad: a person upright before the camera whose joints swing."""
    generator = torch.Generator().manual_seed(person)
    swing = strength * torch.randn(1, 24, 3, generator=generator) * 0.35
    pose = swing * torch.sin(torch.tensor(0.7 * when + person))
    pose[:, 0] = torch.tensor([np.pi - 0.2, 0.3 * when, 0.1])
    return pose


def instance(body, person: int, when: int, track: int, strength: float = 1.0) -> InstanceResult:
    """A person of the clip with SMPL's own vertices."""
    generator = torch.Generator().manual_seed(100 + person)
    betas = 0.8 * torch.randn(1, 10, generator=generator)
    pose = turns(person, when, strength)
    posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=True)
    trans = np.array([0.6 * person - 1 + 0.05 * when, 0.1, 4 + 0.1 * when], np.float32)
    return InstanceResult(
        bbox=np.array([10, 20, 30, 40], np.float32),
        score=0.9,
        pose=roma.rotvec_to_rotmat(pose[0]).numpy(),
        betas=betas[0].numpy(),
        vertices=posed['vertices'][0].numpy(),
        joints=posed['joints'][0].numpy(),
        focal_length=FOCAL,
        principal_point=np.array([320, 240], np.float32),
        rois=np.ones((5, 3), np.float32),
        trans=trans,
        local_cameras=np.ones((5, 3), np.float32),
        full_cameras=np.tile(trans, (5, 1)),
        consensus_camera=trans,
        spread_px=1.0,
        spread_m=0.1,
        confidence=0.5,
        fusion_weights=np.full((5, 5), 0.2, np.float32),
        track=track,
    )


def make_frames(body, strength: float = 1.0) -> list[ImageResult]:
    """The results of the clip's frames."""
    frames = []
    for t, number in enumerate(NUMBERS):
        people = [instance(body, p, t, p, strength) for p, places in SEEN.items() if t in places]
        if t == STRANGER:
            people.insert(1, instance(body, 1, t, -1))
        faces = np.asarray(body.faces, np.int64)
        names = keypoint_names('smpl_54')
        path = f'videos/walk.mp4#{number:06d}'
        parts = (people, faces, names)
        frames.append(ImageResult(path, SIZE, *parts, frame=number, crop_size=(48, 64)))
    return frames
