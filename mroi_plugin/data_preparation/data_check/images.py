"""Check that some images of a data set open and that the boxes lie in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop


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
    body: Any,
    folder: Path,
) -> Path:
    """Draw persons with their RoIs, joints and, where it is known, mesh.

    Args:
        dataset: with any pipeline.
        samples: persons to draw.
        crop: options of the config's `MultiRoICrop`.
        body: `SMPLBody`, neutral.
        folder: for the pictures.

    Returns:
        The contact sheet.
    """
    from mroi_plugin.visualization.predictions import write_pictures

    cut = MultiRoICrop(**{k: v for k, v in crop.items() if k != 'type'})
    panels = [_panel(dataset, int(index), cut, body) for index in samples]
    return write_pictures(panels, folder)[-1]


def _panel(dataset: MultiRoIHumanDataset, index: int, crop: MultiRoICrop, body: Any) -> Any:
    from mroi_plugin.visualization.contact_sheet import InstancePanel

    sample = dataset.loaded_sample(index)
    pixels = sample['image'].decode()
    cut = crop(sample)
    return InstancePanel(
        image=pixels,
        faces=np.asarray(body.faces, np.int64),
        focal_length=float(sample['focal_length']),
        principal_point=np.asarray(sample['principal_point']),
        rois=cut['rois'],
        crop_size=crop.crop_size,
        joints2d=sample['keypoints2d'],
        title=f'sample {index}',
        **_truth(sample, body),
    )


def _truth(sample: dict[str, Any], body: Any) -> dict[str, np.ndarray]:
    if not sample['has_transl']:
        return {}
    import torch

    names = {'global_orient': (1, 3), 'body_pose': (1, 69), 'betas': (1, 10)}
    given = {
        name: torch.as_tensor(sample[f'smpl_{name}'], dtype=torch.float32).reshape(shape)
        for name, shape in names.items()
    }
    with torch.no_grad():
        vertices = body(**given)['vertices'][0].numpy()
    return {'true_vertices': vertices, 'true_camera': np.asarray(sample['smpl_transl'], np.float32)}
