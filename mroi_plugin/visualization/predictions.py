"""Pictures of what a model predicts on samples of a data set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, default_collate

from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.visualization.contact_sheet import InstancePanel, contact_sheet, instance_row
from mroi_plugin.visualization.drawing import write_image

SHEET, MESHES = 'contact_sheet.jpg', 'meshes.glb'
"""Names of what a test leaves beside the pictures of single people."""
TITLE = 'test {}'


def spread_indices(size: int, count: int) -> list[int]:
    """``count`` indices, or all, spread evenly over ``range(size)``."""
    return sorted({int(i) for i in np.linspace(0, size - 1, min(count, size))})


def check_drawable(model: nn.Module) -> None:
    """Refuse pictures of what a model without a body predicts.

    Raises:
        ValueError: naming the model.
    """
    if not hasattr(model, 'body_model'):
        raise ValueError(
            f'{type(model).__name__} has no body to draw: leave out --num-show and --worst in a '
            'test, and MeshVisualizationHook in a training.'
        )


@torch.no_grad()
def predict_panels(
    model: nn.Module,
    dataset: Dataset,
    indices: Iterable[int],
    bodies: GenderedBodies | None = None,
) -> list[InstancePanel]:
    """Inputs and predictions of a model for some samples, with the truth where it is known.

    Args:
        model: `MultiRoIEstimator` or `MMHuman3DEstimator`.
        dataset: `MultiRoIHumanDataset`, or `CachedMapsDataset` of one, with a test pipeline, i.e.
            without augmentation.
        indices: samples to show.
        bodies: of the truth, each person's by gender; the model's own, neutral, by default.

    Returns:
        One panel per sample.
    """
    model.eval()
    return [_panel(model, dataset, index, bodies) for index in indices]


def _panel(
    model: nn.Module, dataset: Dataset, index: int, bodies: GenderedBodies | None
) -> InstancePanel:
    batch = default_collate([dataset[index]])
    data = model.data_preprocessor(batch, training=False)
    prediction = model(**data, mode='predict')[0]
    image = dataset.loaded_sample(index)['image'].decode()
    return InstancePanel(
        image=image,
        faces=np.asarray(model.body_model.faces, np.int64),
        focal_length=float(batch['focal_length'][0]),
        principal_point=batch['principal_point'][0].numpy(),
        rois=batch['rois'][0].numpy(),
        crop_size=_crop_size(batch),
        pred_vertices=prediction['pred_vertices'].cpu().numpy(),
        pred_camera=prediction['pred_transl'].cpu().numpy(),
        title=TITLE.format(index),
        **_truth(model, data, bodies),
    )


def _crop_size(batch: dict[str, Any]) -> tuple[int, int]:
    """(w, h) px of the crops, in whose middle the center of their RoI is."""
    center = batch['rois'][0, 0, :2] + batch['principal_point'][0]
    affine = batch['roi_affines'][0, 0]
    width, height = (2 * (affine[:, :2] @ center + affine[:, 2]) + 1).tolist()
    return round(width), round(height)


def _truth(
    model: nn.Module, data: dict[str, Any], bodies: GenderedBodies | None
) -> dict[str, np.ndarray]:
    if data['has_transl'][0] <= 0:
        return {}
    if bodies is not None:
        vertices = bodies.vertices(data, data['smpl_transl'].device)
    else:
        pose, betas = smpl_targets(data)
        orient, body = pose.split([1, 23], 1)
        posed = model.body_model(global_orient=orient, body_pose=body, betas=betas, pose2rot=False)
        vertices = posed['vertices']
    return {
        'true_vertices': vertices[0].cpu().numpy(),
        'true_camera': data['smpl_transl'][0].cpu().numpy(),
    }


def write_pictures(panels: Sequence[InstancePanel], folder: str | Path) -> list[Path]:
    """Write one picture per person and a contact sheet of all; returns the files, the sheet
    last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for panel in panels:
        files.append(folder / f'{panel.title.replace(" ", "_")}.jpg')
        write_image(files[-1], instance_row(panel))
    files.append(folder / SHEET)
    write_image(files[-1], contact_sheet(panels))
    return files


def remove_pictures(folder: Path) -> None:
    """Remove the pictures and meshes of an earlier test, and nothing else, from a folder."""
    picture = re.compile(TITLE.format(r'\d+').replace(' ', '_') + r'\.jpg')
    for path in folder.glob('*'):
        if path.name in (SHEET, MESHES) or picture.fullmatch(path.name):
            path.unlink()
