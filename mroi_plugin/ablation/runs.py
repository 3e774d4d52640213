"""One training of one row with one seed, in a process of its own; finished runs stay finished."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mroi_plugin.ablation.groups import DATASET_VARIABLE, config_of
from mroi_plugin.engine import UsageError

ERRORS = ('mpjpe', 'pa_mpjpe', 'pve')
PLAN, RESULT, LOG = 'plan.json', 'result.json', 'output.log'


@dataclass(frozen=True)
class Run:
    """What one training depends on."""

    row: str
    seed: int
    epochs: int | None
    dataset: str
    options: tuple[str, ...] = ()

    def folder(self, out: str | Path) -> Path:
        return Path(out) / 'runs' / f'{self.row}_seed{self.seed}'

    def plan(self) -> dict[str, Any]:
        return {**asdict(self), 'options': list(self.options)}


class RunFailed(ChildProcessError):
    """A training that ended with an error; its message is the end of the log."""


def prepare_run(run: Run, out: str | Path) -> Path:
    """Make the folder of a run, or check that it belongs to this very run.

    Raises:
        UsageError: if the folder was made with other settings.
    """
    folder = run.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    plan = folder / PLAN
    if plan.is_file():
        found = json.loads(plan.read_text())
        changed = sorted(key for key, value in run.plan().items() if found.get(key) != value)
        if changed:
            raise UsageError(
                f'{folder} was made with other settings ({", ".join(changed)}): '
                f'{found[changed[0]]!r}, now {run.plan()[changed[0]]!r}. Use another --out.'
            )
    else:
        write_whole(plan, run.plan())
    return folder


def perform(run: Run, out: str | Path, threads: int) -> dict[str, Any]:
    """Train and validate after every epoch, going on where an interrupted run stopped.

    Args:
        run: the run.
        out: folder of the ablation.
        threads: of torch.

    Returns:
        ``epochs`` and, by epoch, the errors in mm: ``mpjpe``, ``pa_mpjpe``, ``pve``.

    Raises:
        RunFailed: if the training ends with an error.
    """
    folder = prepare_run(run, out)
    result = folder / RESULT
    if result.is_file():
        return json.loads(result.read_text())
    command = [sys.executable, '-m', 'mroi_plugin.ablation.train_one', str(folder)]
    environment = {
        **os.environ,
        DATASET_VARIABLE: run.dataset,
        'OMP_NUM_THREADS': str(threads),
        'MKL_NUM_THREADS': str(threads),
    }
    with open(folder / LOG, 'a') as log:
        done = subprocess.run(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False
        )
    if done.returncode:
        end = (folder / LOG).read_text().strip().splitlines()[-3:]
        raise RunFailed(
            f'{run.row}, seed {run.seed}: {" / ".join(end)} (all of it: {folder / LOG})'
        )
    found = read_errors(folder)
    write_whole(result, found)
    return found


def read_errors(folder: Path) -> dict[str, list[float]]:
    """Errors after every epoch from mmengine's scalars, the parts of an interrupted run joined."""
    by_epoch: dict[int, dict[str, float]] = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            values = json.loads(line)
            if 'mesh/mpjpe' in values:
                by_epoch[values['step']] = values
    for path in folder.glob('epoch_*.json'):  # tested after an interruption
        by_epoch.setdefault(int(path.stem.split('_')[-1]), json.loads(path.read_text()))
    epochs = sorted(by_epoch)
    errors = {name: [by_epoch[e][f'mesh/{name}'] for e in epochs] for name in ERRORS}
    return {'epochs': epochs, **errors}


def write_whole(path: Path, content: Any) -> None:
    """Write json that is there completely or not at all."""
    partial = path.with_name(f'{path.name}.part')
    partial.write_text(json.dumps(content, indent=2) + '\n')
    partial.replace(path)


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
    return Run(**{**plan, 'options': tuple(plan['options'])})


def config_path(run: Run) -> str:
    """Config file of a run."""
    return config_of(run.row)
