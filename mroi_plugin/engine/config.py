"""Configs with the overrides of a command line: work dir, protocol, number of epochs."""

from __future__ import annotations

import os.path as osp
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from mroi_plugin.utils.config_files import (
    config_name,
    find_config,
    parse_options,
    read_config,
    shipped,
)
from mroi_plugin.utils.errors import UsageError


def load_config(
    config: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    options: Sequence[str] = (),
    epochs: int | None = None,
    protocol: str | None = None,
) -> Config:
    """Read a config with command line overrides; nothing is built yet.

    Args:
        config: path of a config file, or the name of a shipped one.
        work_dir: folder for logs and checkpoints; ``work_dirs/<name>`` by default.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        epochs: length of the training in place of the config's; schedules shrink with it.
        protocol: file of a test set and its metric, or its name in ``_base_/protocols`` of the
            configs, in place of the config's.

    Raises:
        FileNotFoundError: if the file is missing.
        UsageError: if it is no Python.
    """
    cfg = read_config(config)
    cfg.launcher = launcher
    if protocol is not None:
        chosen = Config.fromfile(find_protocol(find_config(config), protocol))
        cfg.merge_from_dict({key: chosen[key] for key in ('test_dataloader', 'test_evaluator')})
    cfg.merge_from_dict(parse_options(options))
    cfg.work_dir = work_dir or cfg.get('work_dir') or osp.join('work_dirs', config_name(config))
    if epochs is not None:
        set_epochs(cfg, epochs)
    return cfg


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


def set_epochs(cfg: Config, epochs: int) -> None:
    """Train for another number of epochs, learning rate schedules in proportion.

    Raises:
        UsageError: if ``epochs`` is not positive.
    """
    if epochs < 1:
        raise UsageError(f'--epochs {epochs}: expected at least 1.')
    for schedule in cfg.get('param_scheduler') or ():
        if schedule.get('by_epoch', True) and 'T_max' in schedule:
            schedule.T_max = max(1, round(schedule.T_max * epochs / cfg.train_cfg.max_epochs))
    if cfg.train_cfg.get('val_interval', 1) >= cfg.train_cfg.max_epochs:
        cfg.train_cfg.val_interval = epochs
    cfg.train_cfg.max_epochs = epochs
