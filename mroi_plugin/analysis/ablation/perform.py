"""One training in a process of its own; finished runs stay finished."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mroi_plugin.analysis.ablation.groups import DATASET_VARIABLE
from mroi_plugin.analysis.ablation.runs import LOG, RESULT, Run, planned_threads, read_errors
from mroi_plugin.utils.atomic_files import write_json
from mroi_plugin.utils.child_processes import ending_with_this


class RunFailed(ChildProcessError):
    """A training that ended with an error; its message is the end of the log."""


def perform(run: Run, out: str | Path) -> dict[str, Any]:
    """Train and validate after every epoch, going on where an interrupted run stopped.

    Args:
        run: the run.
        out: folder of the ablation, where the run was prepared.

    Returns:
        ``epochs`` and, by epoch, the errors in mm: ``mpjpe``, ``pa_mpjpe``, ``pve``.

    Raises:
        RunFailed: if the training ends with an error.
    """
    folder = run.folder(out)
    result = folder / RESULT
    if result.is_file():
        return json.loads(result.read_text())
    train_one = [sys.executable, '-m', 'mroi_plugin.analysis.ablation.train_one', str(folder)]
    threads = planned_threads(folder)
    environment = {
        **os.environ,
        DATASET_VARIABLE: run.dataset,
        'OMP_NUM_THREADS': str(threads),
        'MKL_NUM_THREADS': str(threads),
    }
    with open(folder / LOG, 'a') as log:
        done = subprocess.run(
            ending_with_this(train_one),
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode:
        end = (folder / LOG).read_text(errors='replace').strip().splitlines()[-3:]
        raise RunFailed(
            f'{run.row}, seed {run.seed}: {" / ".join(end)} (all of it: {folder / LOG})'
        )
    found = read_errors(folder)
    write_json(result, found)
    return found
