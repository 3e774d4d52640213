"""Training and testing of config files with the mmengine Runner."""

from __future__ import annotations

import os.path as osp
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

import mroi_plugin  # noqa: F401  (registers the components that configs name)
from mroi_plugin.acceleration import compile_network, use_amp
from mroi_plugin.checkpoints import bare_model, check_checkpoint
from mroi_plugin.config_check import UsageError, check_sections, name_config_errors
from mroi_plugin.distribution import prepare_launch
from mroi_plugin.host import prepare
from mroi_plugin.preflight import check_files, check_rois, check_skipping, config_name
from mroi_plugin.reliability.failures import message_of, name_failures
from mroi_plugin.reliability.resuming import check_resumable, latest_checkpoint
from mroi_plugin.reliability.room import check_writable


@contextmanager
def report_user_errors() -> Iterator[None]:
    """Print errors that a user can mend as one message, without a traceback; exit status 2."""
    try:
        yield
    except (OSError, KeyError, ValueError, ImportError) as error:
        print(f'error: {message_of(error)}', file=sys.stderr)
        raise SystemExit(2) from error


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` strings as mmengine reads them: numbers, lists, tuples, booleans and strings.

    Raises:
        UsageError: if one has no ``=``.
    """
    parsed = {}
    for option in options:
        key, separator, value = option.partition('=')
        if not (key and separator):
            raise UsageError(f'--cfg-options {option!r}: expected KEY=VALUE.')
        parsed[key] = _parse_value(value)
    return parsed


def _parse_value(text: str) -> Any:
    return None if text == 'None' else DictAction._parse_iterable(text)


def load_config(
    path: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    options: Sequence[str] = (),
    epochs: int | None = None,
    protocol: str | None = None,
) -> Config:
    """Read a config file with command line overrides; nothing is built yet.

    Args:
        path: config file.
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
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'{path}: no such config file; those of the project are in configs/.'
        )
    try:
        cfg = Config.fromfile(path)
    except SyntaxError as error:
        raise UsageError(f'{path}, or one of its _base_, is no Python: {error}') from error
    cfg.launcher = launcher
    if protocol is not None:
        chosen = Config.fromfile(find_protocol(path, protocol))
        cfg.merge_from_dict({key: chosen[key] for key in ('test_dataloader', 'test_evaluator')})
    cfg.merge_from_dict(parse_options(options))
    cfg.work_dir = work_dir or cfg.get('work_dir') or osp.join('work_dirs', config_name(path))
    if epochs is not None:
        set_epochs(cfg, epochs)
    return cfg


def find_protocol(config: str, protocol: str) -> str:
    """File of a protocol: itself, or ``_base_/protocols/NAME.py`` in a folder above the config.

    Raises:
        FileNotFoundError: naming the protocols that there are.
    """
    if osp.isfile(protocol):
        return protocol
    folders = [parent / '_base_' / 'protocols' for parent in Path(config).resolve().parents]
    known = {file.stem: str(file) for folder in folders for file in folder.glob('*.py')}
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


def _check(cfg: Config) -> None:
    """What can be known of a config before anything is built."""
    plain = cfg.to_dict()
    check_sections(plain)
    check_rois(plain)
    check_skipping(plain)
    check_files(plain)


def train(
    config: str,
    work_dir: str | None = None,
    resume: str | None = None,
    amp: bool = False,
    compile_model: bool = False,
    launcher: str = 'none',
    options: Sequence[str] = (),
    epochs: int | None = None,
) -> Runner:
    """Train a config; all files it needs are checked first.

    Args:
        config: path of the config file.
        work_dir: folder for logs and checkpoints.
        resume: checkpoint to go on from; ``auto`` takes the last whole one of ``work_dir``, and
            starts anew where there is none.
        amp: mixed precision.
        compile_model: ``torch.compile`` the network of a `MultiRoIEstimator`.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        epochs: length of the training in place of the config's.

    Returns:
        The runner, after training.

    Raises:
        MissingFilesError: naming all missing files at once.
        OSError: if nothing can be written to the work dir, or it has too little room.
        ValueError: if ``resume`` cannot be gone on from.
    """
    cfg = load_config(config, work_dir, launcher, options, epochs)
    _check(cfg)
    check_writable(cfg.work_dir)
    if amp:
        use_amp(cfg)
    if compile_model and cfg.get('strategy'):
        raise UsageError(f'--compile cannot be had with strategy={cfg.strategy.type}.')
    _resume(cfg, resume)
    prepare()
    prepare_launch(cfg)
    with name_config_errors(config):
        runner = RUNNERS.get(cfg.get('runner_type', 'Runner')).from_cfg(cfg)
    if cfg.load_from and not cfg.get('strategy'):  # a strategy checks when it loads
        check_checkpoint(bare_model(runner.model), cfg.load_from)
    if compile_model:
        compile_network(bare_model(runner.model))
    with name_failures(runner), name_config_errors(config):
        runner.train()
    _release_workers(runner)
    return runner


def _resume(cfg: Config, resume: str | None) -> None:
    """Point a config at the checkpoint to go on from; it may ask for that itself."""
    if resume is None and cfg.get('resume'):
        resume = cfg.get('load_from') or 'auto'
    checkpoint = latest_checkpoint(cfg.work_dir) if resume == 'auto' else resume
    cfg.resume = checkpoint is not None
    if checkpoint is not None:
        check_resumable(checkpoint)
        cfg.load_from = checkpoint


def _release_workers(runner: Runner) -> None:
    """End the loaders' processes now: the garbage collector may do it in a thread that they wait
    for, which takes five seconds each."""
    for loop in ('train', 'val', 'test'):
        loader = getattr(runner, f'_{loop}_loop', None)
        loader = getattr(loader, 'dataloader', None)
        if loader is not None:
            loader._iterator = None


def train_once(
    config: str, work_dir: str, options: Sequence[str] = (), epochs: int | None = None
) -> str:
    """Train a config, or go on where a run in ``work_dir`` stopped; returns the last checkpoint.

    What is finished is not done again. Arguments are those of `train`.
    """
    cfg = load_config(config, work_dir, options=options, epochs=epochs)
    last = osp.join(work_dir, f'epoch_{cfg.train_cfg.max_epochs}.pth')
    if not osp.isfile(last):
        train(config, work_dir, resume='auto', options=options, epochs=epochs)
    return last


def test(
    config: str,
    checkpoint: str,
    out: str | None = None,
    work_dir: str | None = None,
    launcher: str = 'none',
    options: Sequence[str] = (),
    pictures: int = 0,
    protocol: str | None = None,
    worst: int = 0,
) -> dict[str, float]:
    """Test a checkpoint and write ``metrics.json`` and, beside it, ``per_sample.csv``.

    Args:
        config: path of the config file.
        checkpoint: checkpoint of that config.
        out: JSON file for the metrics; ``metrics.json`` of the work dir by default.
        work_dir: folder for logs.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        pictures: number of test photos to draw the prediction and the truth of, to ``pictures/``.
        protocol: see `load_config`.
        worst: number of persons with the largest MPJPE to draw, to ``pictures/worst/``.

    Returns:
        Metrics by name, in mm and px.

    Raises:
        MissingFilesError: naming all missing files at once.
        CheckpointMismatchError: if the checkpoint is of another network.
    """
    from mroi_plugin.evaluation.files import draw, keep_rows, kept_rows, write_errors

    cfg = load_config(config, work_dir, launcher, options, protocol=protocol)
    cfg.load_from, cfg.resume = checkpoint, False
    cfg.runner_type, cfg.strategy = 'Runner', None  # checkpoints are whole
    _check(cfg)
    prepare()
    prepare_launch(cfg)
    keep_rows(cfg.test_evaluator)
    with name_config_errors(config):
        runner = Runner.from_cfg(cfg)
    model = bare_model(runner.model)
    check_checkpoint(model, checkpoint)
    metrics = {name: float(value) for name, value in runner.test().items()}
    table = kept_rows(runner.test_evaluator.metrics)
    _release_workers(runner)
    if runner.rank == 0:
        told = {'config': config, 'checkpoint': checkpoint, 'protocol': protocol, **metrics}
        for path in write_errors(told, table, out or osp.join(cfg.work_dir, 'metrics.json')):
            print(f'wrote {path}')
        draw(model, runner.test_dataloader.dataset, table, cfg.work_dir, pictures, worst)
    return metrics
