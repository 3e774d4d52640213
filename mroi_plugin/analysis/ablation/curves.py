"""Test error after every epoch, one line per row (v1 Fig. 6, v2 Fig. 8)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mroi_plugin.analysis.ablation.tables import TITLES, Results
from mroi_plugin.utils.atomic_files import atomic_file


def draw_curves(results: Results, path: Path, title: str) -> None:
    """Write a picture with MPJPE and PA-MPJPE: mean over seeds, band of one standard deviation.

    Args:
        results: of every seed, by row.
        path: picture file.
        title: above the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout='constrained')
    FigureCanvasAgg(figure)
    for axis, name in zip(figure.subplots(1, 2), ('mpjpe', 'pa_mpjpe')):
        for row, runs in results.items():
            epochs = runs[0]['epochs']
            values = np.array([run[name] for run in runs])
            mean, spread = values.mean(0), values.std(0)
            (line,) = axis.plot(epochs, mean, marker='o', markersize=3, label=row)
            axis.fill_between(
                epochs, mean - spread, mean + spread, color=line.get_color(), alpha=0.15
            )
        axis.set_xlabel('epoch')
        axis.set_ylabel(f'{TITLES[name]} on the test set [mm]')
        axis.grid(alpha=0.3)
    figure.legend(*axis.get_legend_handles_labels(), loc='outside right upper', fontsize=8)
    figure.suptitle(title)
    with atomic_file(path) as part:
        figure.savefig(part, dpi=120)
