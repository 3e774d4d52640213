"""One training of one row with one seed: what it depends on, its folder and its errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mroi_plugin.analysis.log_files import read_scalars
from mroi_plugin.utils.atomic_files import write_json
from mroi_plugin.utils.kept_settings import check_kept

ERRORS = ('mpjpe', 'pa_mpjpe', 'pve')
PLAN, RESULT, LOG = 'plan.json', 'result.json', 'output.log'


@dataclass(frozen=True)
class Run:
    """Settings of one training."""

    row: str
    seed: int
    epochs: int | None
    dataset: str
    options: tuple[str, ...] = ()

    def folder(self, out: str | Path) -> Path:
        """Folder of the run."""
        return Path(out) / 'runs' / f'{self.row}_seed{self.seed}'

    def plan(self) -> dict[str, Any]:
        """The settings as `prepare_runs` writes and compares them."""
        return {**asdict(self), 'options': list(self.options)}


def prepare_runs(runs: Sequence[Run], out: str | Path, threads: int) -> None:
    """Make the folders of runs, once all that are there belong to these very runs.

    Args:
        runs: the runs.
        out: folder of the ablation.
        threads: of torch. Sums over them differ in their last bits with their number, so a run
            keeps the number that it was begun with.

    Raises:
        UsageError: if a folder was made with other settings; none is made then.
    """
    plans = {}
    for run in runs:
        plan = run.folder(out) / PLAN
        kept = json.loads(plan.read_text()) if plan.is_file() else {}
        plans[plan] = {**run.plan(), 'threads': kept.get('threads', threads)}
    new = [plan for plan, settings in plans.items() if not check_kept(plan, settings)]
    for plan in new:
        write_json(plan, plans[plan])


def read_errors(folder: Path) -> dict[str, list[float]]:
    """Errors after every epoch from mmengine's scalars, the parts of an interrupted run joined."""
    by_epoch: dict[int, dict[str, float]] = {}
    for values in read_scalars(folder):
        if 'mesh/mpjpe' in values:
            by_epoch[values['step']] = values
    for path in folder.glob('epoch_*.json'):  # tested after an interruption
        by_epoch.setdefault(int(path.stem.split('_')[-1]), json.loads(path.read_text()))
    epochs = sorted(by_epoch)
    errors = {name: [by_epoch[e][f'mesh/{name}'] for e in epochs] for name in ERRORS}
    return {'epochs': epochs, **errors}


def options_of(run: Run) -> list[str]:
    """Config overrides of a run: its seed, a test after every epoch, one checkpoint kept."""
    return [
        f'randomness.seed={run.seed}',
        'train_cfg.val_interval=1',
        'default_hooks.checkpoint.max_keep_ckpts=1',
        'default_hooks.checkpoint.save_best=None',
        *run.options,
    ]


def load_run(folder: Path) -> Run:
    """The run that a folder was made for."""
    plan = json.loads((folder / PLAN).read_text())
    known = {field.name: plan[field.name] for field in fields(Run)}
    return Run(**{**known, 'options': tuple(plan['options'])})


def planned_threads(folder: Path) -> int:
    """Threads of torch that the run of a folder was begun with."""
    return json.loads((folder / PLAN).read_text())['threads']
