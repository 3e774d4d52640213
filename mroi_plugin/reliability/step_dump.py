"""A training step as a file: what it takes to run it again, and nothing that runs by itself."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mroi_plugin.checkpoints import read_checkpoint
from mroi_plugin.reliability.whole_files import write_whole

Batch = dict[str, Any]


@dataclass(frozen=True)
class StepDump:
    """One step of a training run before its weights were changed.

    Args:
        iteration: counted from 1.
        epoch: counted from 1.
        losses: value of each term, weighted.
        batch: as the loader gave it.
        state_dict: of the model, on the CPU.
        rng: states of torch's generators before the step: ``cpu`` and, if there is one, ``cuda``.
    """

    iteration: int
    epoch: int
    losses: dict[str, float]
    batch: Batch
    state_dict: dict[str, Tensor]
    rng: dict[str, Tensor]


def rng_states() -> dict[str, Tensor]:
    """States of the generators that a step draws from."""
    states = {'cpu': torch.get_rng_state()}
    if torch.cuda.is_available():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def restore_rng(states: dict[str, Tensor]) -> None:
    """Inverse of `rng_states`; a device that is not here is left out."""
    torch.set_rng_state(states['cpu'])
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'])


def write_dump(dump: StepDump, path: str) -> None:
    """Write a step.

    Raises:
        OSError: if the place is not writable or full.
    """
    with io.BytesIO() as file:
        torch.save(asdict(dump), file)
        write_whole(file.getvalue(), path)


def read_dump(path: str) -> StepDump:
    """Read a step; nothing in the file is executed.

    Raises:
        FileNotFoundError: if it is missing.
        ValueError: if it is no dump of a step.
    """
    content = read_checkpoint(path)
    names = set(StepDump.__dataclass_fields__)
    if set(content) != names:
        raise ValueError(
            f'{path} holds {", ".join(sorted(content))}, expected {", ".join(sorted(names))}: give '
            'a failed_step_N.pth that an aborted training has written.'
        )
    return StepDump(**content)
