"""Mistakes in configs, said with key and file before they become somebody else's error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from torch import nn

from mroi_plugin.engine.config_keys import check_nodes
from mroi_plugin.engine.wrong_options import explain_option
from mroi_plugin.utils.config_tree import dictionaries

SECTIONS = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'default_hooks')
"""Settings that must be dictionaries, where they are there."""
FLEXIBLE = 'FlexibleRunner'
RUNNERS = ('Runner', FLEXIBLE)
"""mmengine's; the second alone takes a ``strategy``."""
OTHERS = {
    '`epoch_length` must be a positive integer': (
        'an epoch would have no step: train_dataloader.batch_size is larger than the data set, '
        'and drop_last leaves out what does not fill a batch.'
    ),
    'default_collate: batch must contain': (
        'samples cannot be batched: the last step of a pipeline must be PackMultiRoIInputs.'
    ),
    'is not in the pretrained model': (
        'no parameter of the checkpoint of an init_cfg begins with its prefix: set prefix to what '
        'stands before the names of the backbone, or leave it out if nothing does.'
    ),
}
"""Errors of others that mean a mistake in the config, by a phrase in them."""


def check_sections(cfg: Mapping[str, Any]) -> None:
    """Refuse settings of the wrong kind, which mmengine would stumble over somewhere.

    Raises:
        ValueError: naming key, what was found and what was expected.
    """
    if 'model' not in cfg:
        raise ValueError('the config has no model: put a file of configs/ in its _base_.')
    for key in SECTIONS:
        if cfg.get(key) is not None and not isinstance(cfg[key], Mapping):
            _refuse(key, cfg[key], 'a dictionary')
    model, loader = cfg.get('model') or {}, cfg.get('train_dataloader') or {}
    for key in ('head', 'backbone', 'architecture'):
        if not isinstance(model.get(key, {}), Mapping):
            _refuse(f'model.{key}', model[key], 'a dictionary')
    train, wrapper = cfg.get('train_cfg') or {}, cfg.get('optim_wrapper') or {}
    for key, value in (
        ('train_dataloader.batch_size', loader.get('batch_size', 1)),
        ('train_cfg.max_epochs', train.get('max_epochs', 1)),
        ('train_cfg.val_interval', train.get('val_interval', 1)),
        ('optim_wrapper.accumulative_counts', wrapper.get('accumulative_counts', 1)),
    ):
        if not isinstance(value, int) or value < 1:
            _refuse(key, value, 'a whole number above 0')
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None and not isinstance(seed, int):
        _refuse('randomness.seed', seed, 'a whole number')
    check_nodes(cfg)
    _check_runner(cfg.get('runner_type', 'Runner'), cfg.get('strategy'))
    for key, part in {'': wrapper, 'generator.': wrapper.get('generator')}.items():
        clip = (part or {}).get('clip_grad')
        if clip is not None and not isinstance(clip, Mapping):
            _refuse(f'optim_wrapper.{key}clip_grad', clip, 'a dictionary: dict(max_norm=1.0)')
        for name in ('max_norm', 'clip_value'):
            limit = (clip or {}).get(name, 1)  # infinity logs norms and changes nothing
            if not (isinstance(limit, (int, float)) and limit > 0):
                _refuse(f'optim_wrapper.{key}clip_grad.{name}', limit, 'a number above 0')
    _check_loss_weights('model', model)
    _check_optimizer(wrapper.get('optimizer') or {})
    _check_schedules(cfg.get('param_scheduler'), train.get('max_epochs', 0))


def check_losses(cfg: Mapping[str, Any]) -> None:
    """Refuse to train by nothing.

    Raises:
        ValueError: if a `MultiRoIEstimator` has no loss.
    """
    if cfg['model'].get('type') in ('MultiRoIEstimator', 'mroi_plugin.MultiRoIEstimator'):
        losses = cfg['model'].get('losses')
        if not isinstance(losses, Mapping) or all(loss is None for loss in losses.values()):
            _refuse('model.losses', losses, 'a dictionary with one loss or more')


def _check_loss_weights(key: str, node: Any) -> None:
    """Refuse negative weights and scales of losses, which would be learned to be large."""
    entries = enumerate(node) if isinstance(node, (list, tuple)) else ()
    for name, value in node.items() if isinstance(node, Mapping) else entries:
        number = isinstance(value, (int, float)) and 0 <= value < math.inf
        if name == 'loss_weight' and not number:
            _refuse(f'{key}.{name}', value, 'a number >= 0')
        if name == 'loss_scale' and not (number and value):
            _refuse(f'{key}.{name}', value, 'a number above 0')
        _check_loss_weights(f'{key}.{name}', value)


def _check_runner(runner: Any, strategy: Any) -> None:
    if runner not in RUNNERS:
        _refuse('runner_type', runner, ' or '.join(RUNNERS))
    if (runner == FLEXIBLE) != bool(strategy):
        _refuse('strategy', strategy, f'one where runner_type={FLEXIBLE!r}, and only there')


def _check_schedules(schedules: Any, epochs: int) -> None:
    """Refuse a cosine by epoch that is over before the training is."""
    for i, cfg in enumerate([schedules] if isinstance(schedules, Mapping) else schedules or ()):
        if not isinstance(cfg, Mapping):
            _refuse(f'param_scheduler.{i}', cfg, 'a dictionary')
        if 'CosineAnnealing' not in str(cfg.get('type')) or not cfg.get('by_epoch', True):
            continue
        length, lasts = cfg.get('T_max'), cfg.get('end', epochs) - cfg.get('begin', 0)
        if length and length < lasts:
            _refuse(
                f'param_scheduler.{i}.T_max',
                length,
                f'{lasts}, for the learning rate would climb back after {length} of '
                f'train_cfg.max_epochs={epochs}; leave T_max out and it follows',
            )


def _check_optimizer(cfg: Mapping[str, Any]) -> None:
    from mmengine.registry import OPTIMIZERS

    lr = cfg.get('lr', 0)
    if not isinstance(lr, (int, float)) or lr < 0:
        _refuse('optim_wrapper.optimizer.lr', lr, 'a number >= 0')
    name = cfg.get('type')
    if isinstance(name, str) and '.' not in name and OPTIMIZERS.get(name) is None:
        _refuse('optim_wrapper.optimizer.type', name, 'an optimizer of torch, e.g. Adam')


def check_custom_keys(cfg: Mapping[str, Any], model: nn.Module) -> None:
    """Refuse options for parameters of which the model has none.

    Args:
        cfg: the config.
        model: that was built of it.

    Raises:
        ValueError: naming the key and the parts of the model.
    """
    names = [name for name, _ in model.named_parameters()]
    for key, node in dictionaries(cfg.get('optim_wrapper'), 'optim_wrapper'):
        for part in node if key.endswith('paramwise_cfg.custom_keys') else ():
            if not any(part in name for name in names):
                parts = ', '.join(dict.fromkeys(name.split('.')[0] for name in names))
                raise ValueError(
                    f'{key}.{part}: no parameter of the model has this in its name; expected a '
                    f'part of a name, as those that begin with {parts}.'
                )


def _refuse(key: str, found: Any, expected: str) -> None:
    raise ValueError(f'{key}={found!r}: expected {expected}.')


@contextmanager
def name_config_errors(path: str, cfg: Config) -> Iterator[None]:
    """Tell errors that a mistake in a config causes in others' code with the config.

    Args:
        path: of the config.
        cfg: as it was read; it may be taken apart later, as mmengine's runner does.

    Raises:
        ValueError: in place of a TypeError for an unknown or missing option, and the like.
    """
    content = cfg.to_dict()
    try:
        yield
    except (TypeError, AssertionError) as error:
        text = str(error)
        said = next((meaning for phrase, meaning in OTHERS.items() if phrase in text), None)
        if said is None and isinstance(error, TypeError):
            said = explain_option(error, content)
        if said is None:
            raise
        raise ValueError(f'{path}: {said}') from error
