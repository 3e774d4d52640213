"""Settings that nothing reads: refused with the nearest key that something is built of."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mroi_plugin.utils.config_text import read_setting
from mroi_plugin.utils.config_tree import dictionaries, walk
from mroi_plugin.utils.errors import UsageError

LOOPS = ('train', 'val', 'test')
LOADERS = tuple(f'{loop}_dataloader' for loop in LOOPS)
READ = (
    *('model', *LOADERS, 'train_cfg', 'val_cfg', 'test_cfg', 'optim_wrapper', 'param_scheduler'),
    *('val_evaluator', 'test_evaluator', 'default_hooks', 'custom_hooks', 'randomness', 'env_cfg'),
    *('load_from', 'resume', 'work_dir', 'launcher', 'log_level', 'log_processor', 'visualizer'),
    *('auto_scale_lr', 'data_preprocessor', 'default_scope', 'experiment_name', 'runner_type'),
    *('strategy', 'model_wrapper_cfg', 'sync_bn', 'find_unused_parameters', 'compile'),
    *('activation_checkpointing', 'efficient_conv_bn_eval', 'custom_imports'),
)
"""Names at the top of a config that mmengine's runners and this package read."""
OPTIONAL = (
    *('optim_wrapper.clip_grad', 'optim_wrapper.accumulative_counts', 'model.inference.dtype'),
    'train_dataloader.dataset.skip_invalid',
    *(f'{loader}.dataset.pipeline.load.backend_args' for loader in LOADERS),
)
"""Keys worth suggesting that a config need not have."""
OTHER_WORDS = {
    'data_root': 'image_dir',
    'img_prefix': 'image_dir',
    'samples_per_gpu': 'batch_size',
    'workers_per_gpu': 'num_workers',
    'img_size': 'crop_size',
    'min_lr': 'eta_min',
}
"""Words of other projects' configs, and this one's for them."""
NAMED = ('pipeline', 'losses', 'default_hooks')
"""Dictionaries whose entries are each built, by their ``type``."""
ENTRIES = {
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'env_cfg.mp_cfg': ('mp_start_method', 'opencv_num_threads'),
    'randomness': ('seed', 'deterministic', 'diff_rank_seed'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
}
"""What mmengine reads of dictionaries that no class is built of."""
CONSTRUCTOR = 'DefaultOptimWrapperConstructor'
"""mmengine's own, of optimizers."""
PARAMWISE = (
    *('custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'dwconv_decay_mult'),
    *('flat_decay_mult', 'bypass_duplicate', 'dcn_offset_lr_mult'),
)
"""What that reads of ``paramwise_cfg``."""
ALIKE = 0.7
"""Share of equal letters, as `difflib` counts them, from which on two words are taken for one."""


def loaders_of(cfg: Mapping[str, Any]) -> list[Any]:
    """The dataloaders that a config has."""
    return [cfg[name] for name in LOADERS if isinstance(cfg.get(name), Mapping)]


def check_options(cfg: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Refuse overrides that reach nothing that is built.

    Args:
        cfg: the config without them.
        options: values by dotted key.

    Raises:
        UsageError: naming the first such key and the nearest one that is read.
    """
    for key in options:
        top = key.split('.')[0]
        if top == 'custom_imports':
            raise UsageError(
                f'--cfg-options {key}: modules are imported while a config file is read; write '
                'custom_imports into a config file.'
            )
        inner = top == 'data_preprocessor' and top in (cfg.get('model') or {})
        if top not in READ or inner:
            _refuse(f'--cfg-options {key}', key, cfg)


def check_names(path: str, cfg: Mapping[str, Any]) -> None:
    """Refuse a config file that gives a value to a name that nothing reads.

    A name that other lines of the same file use, that files built on it use as ``_base_.NAME``, or
    that begins with ``_``, is a variable. The files that it is built on are checked likewise, but
    for those in a folder ``_base_``.

    Args:
        path: of the file, Python, YAML or JSON.
        cfg: what was read from it.

    Raises:
        UsageError: naming the first such name and the nearest key that is read.
    """
    above = ''
    for file in _files(Path(path)):
        text = file.read_text(encoding='utf-8')
        for name in _unused_names(text) if file.suffix == '.py' else _unread_keys(file):
            if f'_base_.{name}' not in above:
                _refuse(f'{file}: {name}', name, cfg, '; begin a name for other files with _')
        above += text


def _files(path: Path) -> Iterator[Path]:
    """A config file and, breadth first, those that it is built on, but for parts in a ``_base_``
    folder, of which not everything need be used."""
    waiting, seen = [path], set()
    while waiting:
        file = waiting.pop(0)
        if not file.is_file() or file.resolve() in seen:
            continue  # a name that mmengine completes
        yield file
        seen.add(file.resolve())
        try:
            if file.suffix == '.py':
                bases = read_setting(file.read_text(encoding='utf-8'), '_base_')
            else:
                bases = _read_plain(file).get('_base_', [])
        except (KeyError, ValueError):
            continue
        for base in [bases] if isinstance(bases, str) else bases:
            if '_base_' not in Path(base).parts:
                waiting.append(file.parent / base)


def _unused_names(text: str) -> Iterator[str]:
    """Names at the top of a config that are neither `READ` nor used in another of its lines."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # references that mmengine fills in, e.g. {{_base_.param_scheduler.0}}
        return
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = {node.id for node in names if not isinstance(node.ctx, ast.Store)}
    for line in tree.body:
        goals = line.targets if isinstance(line, ast.Assign) else [getattr(line, 'target', None)]
        for name in (getattr(goal, 'id', '_') for goal in goals):
            if name not in used and name not in READ and not name.startswith('_'):
                yield name


def _read_plain(file: Path) -> dict[str, Any]:
    """What a YAML or JSON config holds; JSON is YAML."""
    return yaml.safe_load(file.read_text(encoding='utf-8'))


def _unread_keys(file: Path) -> list[str]:
    """Keys at the top of a YAML or JSON config that are not `READ`."""
    return [name for name in _read_plain(file) if name not in READ and not name.startswith('_')]


def check_nodes(cfg: Mapping[str, Any]) -> None:
    """Refuse entries that would be built but do not say of what, as a misspelt name makes them.

    Raises:
        ValueError: naming the key and the nearest of its siblings.
    """
    for key, node in dictionaries({name: cfg[name] for name in READ if name in cfg}):
        if key.split('.')[-1] not in NAMED:
            continue
        for name, entry in node.items():
            if isinstance(entry, Mapping) and 'type' not in entry:
                _name_sibling(f'{key}.{name}', name, [n for n in node if n != name], 'has no type')
    known = dict(ENTRIES)
    for key, node in dictionaries(cfg.get('optim_wrapper'), 'optim_wrapper'):
        if node.get('constructor', CONSTRUCTOR) == CONSTRUCTOR:
            known[f'{key}.paramwise_cfg'] = PARAMWISE
    for key, node in dictionaries({part: cfg.get(part) for part in READ}):
        for name in node if key in known else ():
            if name not in known[key]:
                _name_sibling(f'{key}.{name}', name, known[key], 'is read by nothing')


def _name_sibling(key: str, name: str, others: Iterable[str], what: str) -> NoReturn:
    others = list(others)
    near = difflib.get_close_matches(name, others, n=1, cutoff=ALIKE)
    hint = f'did you mean {near[0]}?' if near else f'there are {", ".join(others)}.'
    raise ValueError(f'{key} {what}: nothing would be built of it; {hint}')


def _refuse(what: str, key: str, cfg: Mapping[str, Any], more: str = '') -> NoReturn:
    near = nearest_key(key, cfg)
    hint = f'the nearest key is {near}' if near else f'expected one of {", ".join(READ)}'
    raise UsageError(f'{what} reaches nothing that is built; {hint}{more}.')


def nearest_key(key: str, cfg: Mapping[str, Any]) -> str | None:
    """Dotted key of a config that is read and whose words are nearest to those of another key.

    Words are compared one by one: most of the given ones found, then fewest others, decide; what
    follows the last word that was found is kept. None where no word is found.
    """
    for theirs, ours in OTHER_WORDS.items():
        key = key.replace(theirs, ours)
    wanted = _words(key)
    known = [*(k for k, _ in walk({name: cfg[name] for name in READ if name in cfg})), *OPTIONAL]
    best, best_score = None, 0.0
    for candidate in filter(None, known):
        words = _words(candidate)
        alike = [max(difflib.SequenceMatcher(None, a, b).ratio() for b in words) for a in wanted]
        score = sum(x for x in alike if x >= ALIKE) - 0.01 * len(words)
        if score > best_score and max(alike) >= ALIKE:
            best, best_score = candidate, score
    return best if best is None else best + _rest(key, best)


def _rest(key: str, near: str) -> str:
    """What a key has after the last part that the nearest key ends with, with its dot."""
    parts, last = key.split('.'), near.split('.')[-1]
    return '.' + '.'.join(parts[parts.index(last) + 1 :]) if last in parts[:-1] else ''


def _words(key: str) -> list[str]:
    return [word for word in re.split(r'[._]', key) if word]
