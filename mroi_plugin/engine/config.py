"""Configs with the overrides of a command line: work dir, protocol, number of epochs."""

from __future__ import annotations

import os.path as osp
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mroi_plugin.engine.cached_datasets import wrap_cached
from mroi_plugin.engine.config_keys import check_names, check_options, loaders_of
from mroi_plugin.utils.config_files import (
    config_name,
    find_config,
    parse_options,
    read_config,
    shipped,
)
from mroi_plugin.utils.errors import UsageError

LENGTHS = ('T_max', 'begin', 'end', 'milestones', 'step_size')
"""Options of schedules that count epochs, where they are by epoch."""


def load_config(
    config: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    options: Sequence[str] = (),
    epochs: int | None = None,
    protocol: str | None = None,
) -> Config:
    """Read a config with command line overrides; nothing is built yet.

    Learning rate schedules keep their proportion to the length of the training, however it is
    given; loaders without worker processes need not be told that none persists; data sets are
    cached as `wrap_cached` says.

    Args:
        config: path of a config file, or the name of a shipped one.
        work_dir: folder for logs and checkpoints; ``work_dirs/<name>`` by default.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        epochs: length of the training in place of the config's.
        protocol: file of a test set and its metric, or its name in ``_base_/protocols`` of the
            configs, in place of the config's.

    Raises:
        FileNotFoundError: if the file is missing.
        UsageError: if it cannot be read, or a name in it or an override reaches nothing that is
            built.
    """
    cfg, path = read_config(config), find_config(config)
    check_names(path, cfg)
    cfg.launcher = launcher
    if protocol is not None:
        chosen = Config.fromfile(find_protocol(path, protocol))
        cfg.merge_from_dict({key: chosen[key] for key in ('test_dataloader', 'test_evaluator')})
    overrides = parse_options(options)
    check_options(cfg, overrides)
    whole = overrides.get('train_cfg')
    said = whole.get('max_epochs') if isinstance(whole, dict) else None
    set_epochs(cfg, overrides.get('train_cfg.max_epochs', said))
    cfg.merge_from_dict(_over(cfg.to_dict(), _nested(overrides)))
    cfg.work_dir = work_dir or cfg.get('work_dir') or osp.join('work_dirs', config_name(config))
    if epochs is not None and epochs < 1:
        raise UsageError(f'--epochs {epochs}: expected at least 1.')
    set_epochs(cfg, epochs)
    for loader in loaders_of(cfg):
        if not loader.get('num_workers'):  # torch refuses both without worker processes
            loader.persistent_workers = False
            loader.pop('prefetch_factor', None)
    wrap_cached(cfg)
    return cfg


def _nested(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted key as dictionaries in dictionaries."""
    found: dict[str, Any] = {}
    for key, value in overrides.items():
        *outer, last = key.split('.')
        node = found
        for name in outer:
            node = node.setdefault(name, {})
        node[last] = value
    return found


def _over(base: Any, new: Any, key: str = '') -> Any:
    """Overrides that mmengine merges where the config has None and they have a dictionary."""
    if not isinstance(new, Mapping) or new.get('_delete_'):
        return new
    if isinstance(base, (list, tuple)):
        base = {str(i): entry for i, entry in enumerate(base)}
    if base is None:
        return {**new, '_delete_': True}
    if not isinstance(base, Mapping):
        raise UsageError(f'--cfg-options: {key} is {base!r}, which has no entries to set.')
    return {
        name: _over(base[name], value, f'{key}.{name}' if key else name) if name in base else value
        for name, value in new.items()
    }


def find_protocol(config: str, protocol: str) -> str:
    """File of a protocol: itself, or ``_base_/protocols/NAME.py`` above the config or shipped.

    Raises:
        FileNotFoundError: naming the protocols that there are.
    """
    if osp.isfile(protocol):
        return protocol
    folders = [shipped('configs'), *Path(config).resolve().parents]
    known = {
        file.stem: str(file)
        for folder in folders
        for file in (folder / '_base_' / 'protocols').glob('*.py')
    }
    if protocol not in known:
        raise FileNotFoundError(
            f'--protocol {protocol}: neither a file nor one of {", ".join(sorted(known)) or "none"}'
        )
    return known[protocol]


def set_epochs(cfg: Config, epochs: int | None) -> None:
    """Train for another number of epochs, learning rate schedules in proportion.

    What is no positive whole number changes nothing: `check_sections` refuses it.
    """
    now = (cfg.get('train_cfg') or {}).get('max_epochs')
    if not all(isinstance(count, int) and count > 0 for count in (epochs, now)):
        return

    def scaled(value: Any) -> Any:
        several = isinstance(value, (list, tuple))
        return [scaled(v) for v in value] if several else max(1, round(value * epochs / now))

    schedules = cfg.get('param_scheduler') or ()
    for schedule in [schedules] if isinstance(schedules, dict) else schedules:
        if isinstance(schedule, dict) and schedule.get('by_epoch', True):
            for key in (key for key in LENGTHS if schedule.get(key)):
                schedule[key] = scaled(schedule[key])
    if cfg.train_cfg.get('val_interval', 1) >= now:
        cfg.train_cfg.val_interval = epochs
    cfg.train_cfg.max_epochs = epochs
