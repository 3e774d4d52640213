"""What a test leaves: numbers, a row per person, and pictures."""

from __future__ import annotations

import json
import os.path as osp
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from mmengine.evaluator import BaseMetric
from torch import nn
from torch.utils.data import Dataset

from mroi_plugin.evaluation.protocol import H36M_PELVIS
from mroi_plugin.evaluation.summaries import summarize, worst
from mroi_plugin.reliability.whole_files import whole_file

PER_SAMPLE = 'per_sample.csv'


def keep_rows(evaluator: Any) -> None:
    """Have every `HumanMeshMetric` of a config's evaluator, one metric or several, keep the errors
    of every person."""
    for metric in evaluator if isinstance(evaluator, (list, tuple)) else [evaluator]:
        if metric['type'] in ('HumanMeshMetric', 'mroi.HumanMeshMetric'):
            metric['per_sample'] = True


def kept_rows(metrics: Sequence[BaseMetric]) -> pd.DataFrame:
    """What the first metric that kept rows has kept, of all ranks; empty if none has."""
    kept = [metric.samples for metric in metrics if getattr(metric, 'samples', None) is not None]
    return kept[0].table() if kept else pd.DataFrame()


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
        with whole_file(path) as part:
            part.write_text(json.dumps(metrics, indent=2) + '\n')
        return [Path(path)]
    rows = Path(path).with_name(PER_SAMPLE)
    with whole_file(path) as part:
        part.write_text(json.dumps({**metrics, **summarize(table)}, indent=2) + '\n')
    with whole_file(rows) as part:
        table.to_csv(part, index=False, float_format='%.7g')
    return [Path(path), rows]


def draw(
    model: nn.Module,
    dataset: Dataset,
    table: pd.DataFrame,
    folder: str,
    pictures: int,
    worst_of: int,
) -> None:
    """Draw some test persons, evenly spread, and the worst; and the meshes of the former as GLB.

    Pictures of an earlier test go: they would pass for those of this one.
    """
    from mroi_plugin.visualization.meshes import write_meshes
    from mroi_plugin.visualization.predictions import (
        predict_panels,
        spread_indices,
        write_pictures,
    )

    for path in Path(folder, 'pictures').rglob('*'):
        if path.suffix in ('.jpg', '.glb'):
            path.unlink()
    chosen = {
        'pictures': spread_indices(len(dataset), pictures) if pictures else (),
        osp.join('pictures', 'worst'): worst(table, worst_of),
    }
    for name, indices in chosen.items():
        if len(indices):
            panels = predict_panels(model, dataset, indices)
            print(f'wrote {write_pictures(panels, osp.join(folder, name))[-1]}')
            if name == 'pictures':
                pelvis = model.body_model.J_regressor_h36m[H36M_PELVIS].cpu().numpy()
                path = Path(folder, name, 'meshes.glb')
                print(f'wrote {write_meshes(panels, path, pelvis)}')
