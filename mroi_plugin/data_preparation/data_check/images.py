"""Check that some images of a data set open and that the boxes lie in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies

CPU = torch.device('cpu')


def check_images(dataset: MultiRoIHumanDataset, samples: Iterable[int]) -> list[str]:
    """Messages of the images that cannot be used.

    Args:
        dataset: with any pipeline.
        samples: persons whose images are read and decoded.
    """
    problems = []
    for index in samples:
        try:
            dataset.loaded_sample(int(index))['image'].decode()
        except InvalidSampleError as error:
            problems.append(str(error))
    return problems


def draw_samples(
    dataset: MultiRoIHumanDataset,
    samples: Iterable[int],
    crop: dict[str, Any],
    bodies: GenderedBodies,
    folder: Path,
) -> Path:
    """Draw persons with their RoIs, joints and, where it is known, mesh.

    Args:
        dataset: with any pipeline.
        samples: persons to draw.
        crop: options of the config's `MultiRoICrop`.
        bodies: that annotated parameters are posed with.
        folder: for the pictures.

    Returns:
        The contact sheet.
    """
    from mroi_plugin.visualization.predictions import write_pictures

    cut = MultiRoICrop(**{k: v for k, v in crop.items() if k != 'type'})
    panels = [_panel(dataset, int(index), cut, bodies) for index in samples]
    return write_pictures(panels, folder)[-1]


def _panel(
    dataset: MultiRoIHumanDataset, index: int, crop: MultiRoICrop, bodies: GenderedBodies
) -> Any:
    from mroi_plugin.visualization.contact_sheet import InstancePanel

    sample = dataset.loaded_sample(index)
    pixels = sample['image'].decode()
    cut = crop(sample)
    return InstancePanel(
        image=pixels,
        faces=np.asarray(bodies.get('neutral', CPU).faces, np.int64),
        focal_length=float(sample['focal_length']),
        principal_point=np.asarray(sample['principal_point']),
        rois=cut['rois'],
        crop_size=crop.crop_size,
        joints2d=sample['keypoints2d'],
        title=f'sample {index}',
        **_truth(sample, bodies),
    )


def _truth(sample: dict[str, Any], bodies: GenderedBodies) -> dict[str, np.ndarray]:
    if not sample['has_transl']:
        return {}
    names = ('smpl_global_orient', 'smpl_body_pose', 'smpl_betas', 'gender')
    vertices = bodies.vertices({name: torch.as_tensor(sample[name])[None] for name in names}, CPU)
    camera = np.asarray(sample['smpl_transl'], np.float32)
    return {'true_vertices': vertices[0].numpy(), 'true_camera': camera}
