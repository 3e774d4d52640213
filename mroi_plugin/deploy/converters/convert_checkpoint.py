"""The whole conversion: read, convert, tell, write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from mroi_plugin.deploy.converters.detection import detect_source, other_method, refusal
from mroi_plugin.deploy.converters.sources import SOURCES
from mroi_plugin.deploy.converters.state_dict import ConversionError, Report, convert_state
from mroi_plugin.deploy.converters.unread_names import unread_names
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.utils.atomic_files import atomic_file, write_json
from mroi_plugin.utils.errors import UsageError

SHOWN = 12
"""Names of each kind that the table lists; the json lists all."""


def convert_checkpoint(
    config: str,
    path: str,
    out: str,
    source: str = 'auto',
    partial: bool = False,
    options: tuple[str, ...] = (),
) -> Report:
    """Convert a foreign checkpoint for a config.

    Args:
        config: config of the network to fill; the licensed body is not needed for it.
        path: the checkpoint.
        out: file to write; the report goes beside it, as ``.json``.
        source: one of `SOURCES`, or ``auto``.
        partial: take what fits.
        options: ``KEY=VALUE`` overrides of the config.

    Raises:
        UsageError: if ``source`` is unknown.
        ValueError: if ``source`` is ``auto`` and the checkpoint of no known kind.
        ConversionError: if the checkpoint does not fit and ``partial`` is not set.
    """
    if source not in ('auto', *SOURCES):
        raise UsageError(f'--source {source}: expected auto, {", ".join(SOURCES)}.')
    theirs = _read(path)
    source = detect_source(theirs, path) if source == 'auto' else source
    ours = network_of(config, options).state_dict()
    try:
        state, report = convert_state(theirs, ours, source, partial)
    except ConversionError as error:
        raise ConversionError(f'{path} for {config}: {error}') from None
    _print(report, SOURCES[source].title, Console())
    _write(state, report, Path(out), {'converted_from': os.path.basename(path), 'source': source})
    print(f'wrote {out} and {Path(out).with_suffix(".json")}')
    return report


def _read(path: str) -> dict[str, Tensor]:
    """Tensors of a checkpoint; of a known method that asks for more than plain data, the method."""
    try:
        return read_state_dict(path)
    except ValueError:
        names = unread_names(path)
        if other_method(names) is None:
            raise
        raise ValueError(refusal(names, path)) from None


def network_of(config: str, options: tuple[str, ...] = ()) -> nn.Module:
    """Network of a config, built with the free body and without weights."""
    cfg = load_config(config, options=options).model
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    cfg.backbone.init_cfg = None
    return build_model(cfg)


def _print(report: Report, title: str, console: Console) -> None:
    table = Table(title=title)
    for column in ('what', 'number', 'names'):
        table.add_column(column, overflow='fold')
    for what, entries in report.as_dict().items():
        table.add_row(what.replace('_', ' '), str(len(entries)), _shown(entries))
    console.print(table)


def _shown(entries: Any) -> str:
    lines = list(entries)
    if isinstance(entries, dict):
        lines = [f'{name}: {_target(value)}' for name, value in entries.items()]
    more = [f'and {len(lines) - SHOWN} more'] if len(lines) > SHOWN else []
    return '\n'.join(lines[:SHOWN] + more)


def _target(value: Any) -> str:
    """Our name, or two shapes."""
    return value if isinstance(value, str) else f'is {value[0]}, ours {value[1]}'


def _write(state: dict[str, Tensor], report: Report, out: Path, meta: dict[str, str]) -> None:
    """Both files, each there completely or not at all."""
    with atomic_file(out) as part:
        torch.save({'state_dict': state, 'meta': meta}, part)
    write_json(out.with_suffix('.json'), {**meta, **report.as_dict()})
