"""Files of a test: numbers, a row per person, and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from mmengine.evaluator import BaseMetric
from torch import nn
from torch.utils.data import Dataset

from mroi_plugin.evaluation.evaluators import mesh_metrics_of
from mroi_plugin.evaluation.functional.protocol import H36M_PELVIS
from mroi_plugin.evaluation.functional.summaries import summarize, worst
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.utils.atomic_files import atomic_file, write_text
from mroi_plugin.visualization.meshes import write_meshes
from mroi_plugin.visualization.predictions import (
    MESHES,
    predict_panels,
    remove_pictures,
    spread_indices,
    write_pictures,
)

PER_SAMPLE = 'per_sample.csv'
WORST = 'worst'
"""Folder of the pictures of the largest errors, in that of the others."""


def keep_rows(evaluator: Any) -> None:
    """Make every `HumanMeshMetric` of a config's evaluator, one metric or several, keep the errors
    of every person."""
    for metric in mesh_metrics_of(evaluator):
        metric['per_sample'] = True


def kept_rows(metrics: Sequence[BaseMetric]) -> pd.DataFrame:
    """Rows of the first metric that kept any, of all ranks; empty if none has."""
    kept = [metric.samples for metric in metrics if getattr(metric, 'samples', None) is not None]
    return kept[0].table() if kept else pd.DataFrame()


def true_bodies(metrics: Sequence[BaseMetric]) -> GenderedBodies | None:
    """What the first metric that poses the truth does so with; None if none does."""
    return next((metric.bodies for metric in metrics if hasattr(metric, 'bodies')), None)


def write_errors(metrics: Mapping[str, Any], table: pd.DataFrame, path: str) -> list[Path]:
    """Write the metrics with the errors of groups as JSON, and the table beside it as CSV.

    Args:
        metrics: by name.
        table: of `PerSample`.
        path: of the JSON file.

    Returns:
        The files; the JSON alone where the table is empty.
    """
    if table.empty:
        return [write_text(path, json.dumps(metrics, indent=2) + '\n')]
    rows = Path(path).with_name(PER_SAMPLE)
    write_text(path, json.dumps({**metrics, **summarize(table)}, indent=2) + '\n')
    with atomic_file(rows) as part:
        table.to_csv(part, index=False, float_format='%.7g')
    return [Path(path), rows]


def remove_old(folder: str) -> None:
    """Remove the pictures of an earlier test from a folder of `draw`."""
    for place in (Path(folder), Path(folder, WORST)):
        remove_pictures(place)


def draw(
    model: nn.Module,
    dataset: Dataset,
    table: pd.DataFrame,
    bodies: GenderedBodies | None,
    folder: str,
    num_show: int,
    num_worst: int,
) -> None:
    """Draw some test images, evenly spread, and the worst; and the meshes of the former as GLB.

    Pictures of an earlier test are removed: they would pass for those of this one.

    Args:
        model: trained.
        dataset: of the test.
        table: of `PerSample`.
        bodies: see `predict_panels`.
        folder: for the pictures; those of the worst go to ``worst/`` in it.
        num_show: number of images.
        num_worst: number of people with the largest errors.
    """
    chosen = {
        Path(folder): spread_indices(len(dataset), num_show) if num_show else (),
        Path(folder, WORST): worst(table, num_worst),
    }
    for place, indices in chosen.items():
        if not len(indices):
            continue
        remove_pictures(place)
        panels = predict_panels(model, dataset, indices, bodies)
        print(f'wrote {write_pictures(panels, place)[-1]}')
        if place == Path(folder):
            pelvis = model.body_model.J_regressor_h36m[H36M_PELVIS].cpu().numpy()
            print(f'wrote {write_meshes(panels, place / MESHES, pelvis)}')
