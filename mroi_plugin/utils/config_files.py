"""Config files by path or by name, from any folder, and their overrides."""

from __future__ import annotations

import difflib
import os.path as osp
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mroi_plugin.utils.config_text import read_value
from mroi_plugin.utils.errors import UsageError

if TYPE_CHECKING:
    from mmengine.config import Config

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(folder: str) -> Path:
    """A folder such as ``configs``: in ``.mim`` of a wheel, in the root of a checkout."""
    installed = PACKAGE / '.mim' / folder
    return installed if installed.is_dir() else PACKAGE.parent / folder


def config_name(path: str) -> str:
    """Name of a config file without folder and extension."""
    return osp.splitext(osp.basename(path))[0]


def list_configs() -> dict[str, str]:
    """Path of every shipped config by its name, sorted; those for mmhuman3d's own tools and the
    parts that others are made of are left out."""
    root = shipped('configs')
    found = {}
    for path in sorted(root.rglob('*.py')):
        parts = path.relative_to(root).parts
        if not {'_base_', 'mmhuman3d'} & set(parts):
            found.setdefault(path.stem, str(path))
    return dict(sorted(found.items()))


def find_config(config: str) -> str:
    """Path of a config file.

    Args:
        config: path of a file, or the name of a shipped one (``mroi_hrnet48``, with or without
            ``configs/`` and ``.py``).

    Raises:
        FileNotFoundError: naming the nearest shipped configs.
    """
    if osp.isfile(config):
        return config
    known = list_configs()
    name = config_name(config)
    if name in known and (osp.dirname(config) in ('', 'configs') or config.startswith('configs/')):
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f'did you mean {", ".join(near)}?' if near else 'see mroi configs.'
    raise FileNotFoundError(f'{config}: no such config file, nor the name of a shipped one; {hint}')


def read_config(config: str) -> Config:
    """Read a config file; nothing is built.

    Args:
        config: path or name, see `find_config`.

    Raises:
        FileNotFoundError: if there is no such config, or no file of its ``_base_``.
        UsageError: if it is no Python, or has a dictionary where its base has none.
    """
    from mmengine.config import Config

    path = find_config(config)
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        told = re.search(r'"(.+)"', str(error))  # in mmengine's own
        base = str(error.filename or (told and told[1]))
        if not base.endswith(('.py', '.json', '.yaml', '.yml')):  # a file that a config opens
            raise
        known = list_configs().get(config_name(base))
        hint = (
            f'the shipped one is {known!r}' if known else 'mroi configs --paths lists shipped ones'
        )
        raise FileNotFoundError(
            f'{path}: its _base_, or one of theirs, is {base}, and there is no such file; paths '
            f'are relative to the file that names them; {hint}.'
        ) from error
    except AssertionError as error:
        if 'does not support to load' not in str(error):  # mmengine's, of a package
            raise
        raise UsageError(
            f'{path}, or one of its _base_, is built on PACKAGE::CONFIG, which mmengine resolves '
            f"for OpenMMLab's own packages alone ({error}): write the path of the file, as mroi "
            'configs --paths lists them.'
        ) from error
    except SyntaxError as error:
        raise UsageError(f'{path}, or one of its _base_, is no Python: {error}') from error
    except TypeError as error:
        told = re.match(r'(\w+)=.*cannot inherit from base.*of type (.+) in base', str(error), re.S)
        if told is None:  # not mmengine's, of two files
            raise
        raise UsageError(
            f'{path}, or one of its _base_: {told[1]} is a dictionary, and in the file below of '
            f'type {told[2]}, with which it cannot be merged: write {told[1]}=dict(_delete_=True, '
            '...) to replace it.'
        ) from error


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` strings as mmengine's ``DictAction`` reads them: numbers, lists, tuples,
    booleans, None and strings; and dictionaries as configs write them, ``dict(max_norm=1.0)``.

    Raises:
        UsageError: if one has no ``=``, or a value that is none of these.
    """
    parsed = {}
    for option in options:
        key, separator, value = option.partition('=')
        if not (key and separator):
            raise UsageError(f'--cfg-options {option!r}: expected KEY=VALUE.')
        parsed[key] = _option_value(option, value)
    return parsed


def _option_value(option: str, text: str) -> Any:
    import argparse

    from mmengine.config import DictAction

    parser = argparse.ArgumentParser(prefix_chars='\0')
    parser.add_argument('options', nargs='*', action=DictAction)
    try:
        if re.match(r'[\[(]*\s*(dict\(|\{)', text):
            return read_value(text)
        (value,) = parser.parse_args([f'key={text}']).options.values()
    except (ValueError, AssertionError, RecursionError) as error:
        found = f': {error}' if isinstance(error, ValueError) else ''
        raise UsageError(
            f'--cfg-options {option!r}: no value{found}; expected a number, text, list, tuple or '
            'dict(name=value), texts in a dict in quotes.'
        ) from error
    # mmengine's own takes the spaces out of a path
    return text.strip(' \'"') if isinstance(value, str) else value


def summary_of(path: str) -> str:
    """First sentence of the comment that a config begins with; empty if there is none."""
    lines = []
    for line in Path(path).read_text(encoding='utf-8').splitlines():
        if not line.startswith('#'):
            break
        lines.append(line.lstrip('# ').rstrip())
    return re.split(r'(?<!Eq\.)(?<!Fig\.)(?<=\.) ', ' '.join(lines))[0]
