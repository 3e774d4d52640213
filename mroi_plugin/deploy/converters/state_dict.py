"""From a foreign state dict to one of ours, with an account of every name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from mroi_plugin.deploy.converters.encoding_columns import to_our_columns
from mroi_plugin.deploy.converters.sources import MEAN, SOURCES, Source

MEAN_STATE = 'head.joint_decoder.mean_state'
FUSE = 'head.fusion.strategy.embed.weight'
COUNTER = 'num_batches_tracked'
OPTIONAL = ('head.embedding.', 'backbone.final_layer.')
"""Used in training alone, or not on the way to the features: may be missing."""


class ConversionError(ValueError):
    """A checkpoint that does not fill the network it was converted for."""


@dataclass
class Report:
    """Names that were converted, left out and missing.

    Args:
        used: our name by theirs, where both are the same.
        renamed: our name by theirs.
        unused: theirs that are not in our network.
        missing: ours that nothing fills; they keep their initial values.
        wrong_shape: by our name, their shape and ours.
        notes: what was changed on the way.
    """

    used: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
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
        theirs: tensors of the checkpoint, see `read_foreign`.
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
    for name, value in _with_mean_state(theirs, report).items():
        target = MEAN_STATE if name == MEAN_STATE else kind.rename(name)
        if target is None or target not in ours:
            report.unused.append(name)
            continue
        if source == 'released' and target == FUSE:
            value = to_our_columns(value, ours[target].shape[1] - _encoding_width(ours, theirs))
            report.notes.append(f'{name}: columns of the encoding reordered')
        if value.shape != ours[target].shape:
            report.wrong_shape[target] = [list(value.shape), list(ours[target].shape)]
            continue
        (report.used if name == target else report.renamed)[name] = target
        state[target] = value.to(ours[target].dtype)
    _account_for_missing(ours, state, kind, report)
    if not partial:
        _require_complete(kind, report)
    return state, report


def _with_mean_state(theirs: Mapping[str, Tensor], report: Report) -> dict[str, Tensor]:
    """The three buffers of the mean parameters as one, in our order: pose, shape, cam."""
    found = [next((n for n in theirs if re.fullmatch(pattern, n)), None) for pattern in MEAN]
    rest = {name: value for name, value in theirs.items() if name not in found}
    if all(found):
        rest[MEAN_STATE] = torch.cat([theirs[name].reshape(-1) for name in found])
        report.notes.append(f'{", ".join(found)}: joined')
    return rest


def _encoding_width(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> int:
    """Columns of the encoding: what the fusion reads beside the features, whose width the
    embedding or the decoder tells."""
    gate = ours.get('head.embedding.gate.weight')
    width = theirs['fuse_fc.weight'].shape[1]
    if gate is not None:
        return width - gate.shape[1]
    # 195 numbers in the released code; there is nothing else to tell it from.
    return 195


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
    missing = [name for name in report.missing if not name.startswith(OPTIONAL)]
    unused = [name for name in report.unused if not kind.ignores(name)]
    wrong = [name for name in report.wrong_shape if not name.startswith(OPTIONAL)]
    problems = [
        f'{len(names)} {what}, first {names[0]}{detail(names[0])}'
        for names, what, detail in (
            (wrong, 'of another shape', lambda n: ' {} for {}'.format(*report.wrong_shape[n])),
            (missing, 'missing', lambda n: ''),
            (unused, 'without a place', lambda n: ''),
        )
        if names
    ]
    if problems:
        raise ConversionError(
            f'the checkpoint is not what the config needs ({kind.title}): {"; ".join(problems)}. '
            'Choose the config of that network, or --partial to take what fits.'
        )
