"""From a foreign state dict to one of ours, with an account of every name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from mroi_plugin.deploy.converters.encoding_columns import to_our_columns
from mroi_plugin.deploy.converters.sources import MEAN_STATE, SOURCES, SPIN_MEAN, Source

FUSE = 'head.fusion.strategy.embed.weight'
COUNTER = 'num_batches_tracked'
WRAPPED = 'backbone.hrnet.'
"""Place of an HRNet inside of `ClassificationHRNet`."""


class ConversionError(ValueError):
    """A checkpoint that does not fill the network it was converted for."""


@dataclass
class Report:
    """Names that were converted, left out and missing.

    Args:
        used: our name by theirs, where both are the same.
        renamed: our name by theirs.
        not_needed: theirs that are known to have no place in our network.
        unused: other names of theirs that are not in our network.
        missing: ours that nothing fills; they keep their initial values.
        wrong_shape: by our name, their shape and ours.
        notes: what was changed on the way.
    """

    used: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    not_needed: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong_shape: dict[str, list[list[int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self)


def convert_state(
    theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor], source: str, partial: bool = False
) -> tuple[dict[str, Tensor], Report]:
    """Rename and reorder a foreign state dict.

    Args:
        theirs: tensors of the checkpoint.
        ours: state dict of the network to fill.
        source: kind of checkpoint, one of `SOURCES`.
        partial: accept names that are missing, left over or of another shape.

    Returns:
        The state dict, of what was filled, and the report.

    Raises:
        ConversionError: unless ``partial``, if something that matters is missing, left over or of
            another shape.
    """
    kind, report, state = SOURCES[source], Report(), {}
    for target, names in _places(theirs, ours, kind, report).items():
        value = theirs[names[0]]
        if target == FUSE and source == 'released':
            value = to_our_columns(value, value.shape[1] - _encoding_width(theirs))
            report.notes.append(f'{names[0]}: columns of the encoding reordered')
        if target == MEAN_STATE:
            value = torch.cat([theirs[name].reshape(-1) for name in names])
            report.notes.append(f'{", ".join(names)}: joined')
        if value.shape != ours[target].shape:
            report.wrong_shape[target] = [list(value.shape), list(ours[target].shape)]
            continue
        for name in names:
            (report.used if name == target else report.renamed)[name] = target
        state[target] = value.to(ours[target].dtype)
    _account_for_missing(ours, state, kind, report)
    if not partial:
        _require_complete(kind, report)
    return state, report


def _places(
    theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor], kind: Source, report: Report
) -> dict[str, list[str]]:
    """Their names by ours, several for the mean parameters alone, pose, shape, cam; names without
    a place go into the report."""
    places: dict[str, list[str]] = {}
    for name in theirs:
        target = kind.rename(name)
        if target is not None and target not in ours:
            target = target.replace('backbone.', WRAPPED, 1)
        if target in ours and (target == MEAN_STATE or target not in places):
            places.setdefault(target, []).append(name)
        else:
            (report.not_needed if kind.needs_not(name) else report.unused).append(name)
    if MEAN_STATE in places:
        order = [pattern for pattern, _ in SPIN_MEAN]
        places[MEAN_STATE].sort(key=lambda name: [not re.fullmatch(p, name) for p in order])
    return places


def _encoding_width(theirs: Mapping[str, Tensor]) -> int:
    """Columns of the encoding of three scalars: p, and as many waves as there are frequencies."""
    frequencies = theirs.get('pos_enc._freqs')
    return 3 * (1 + (64 if frequencies is None else frequencies.numel()))


def _account_for_missing(
    ours: Mapping[str, Tensor], state: dict[str, Tensor], kind: Source, report: Report
) -> None:
    for name, value in ours.items():
        if name in state or name in report.wrong_shape or not name.startswith(kind.fills):
            continue
        if name.endswith(COUNTER):
            state[name] = torch.zeros_like(value)
        else:
            report.missing.append(name)


def _require_complete(kind: Source, report: Report) -> None:
    missing = [name for name in report.missing if not name.startswith(kind.optional)]
    wrong = [name for name in report.wrong_shape if not name.startswith(kind.optional)]
    problems = [
        f'{len(names)} {what}, first {names[0]}{detail(names[0])}'
        for names, what, detail in (
            (wrong, 'of another shape', lambda n: ' {} for {}'.format(*report.wrong_shape[n])),
            (missing, 'missing', lambda n: ''),
            (report.unused, 'without a place', lambda n: ''),
        )
        if names
    ]
    if problems:
        raise ConversionError(
            f'the checkpoint is not what the config needs ({kind.title}): {"; ".join(problems)}. '
            f'Choose the config of that network ({", ".join(kind.configs)}), or --partial to take '
            'what fits.'
        )
