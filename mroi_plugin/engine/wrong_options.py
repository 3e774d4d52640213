"""Options that a class does not take, or lacks, told by their keys in the config."""

from __future__ import annotations

import difflib
import inspect
import re
import traceback
from collections.abc import Mapping
from typing import Any

from torch.utils.data import DataLoader

from mroi_plugin.utils.config_tree import dictionaries, walk

UNKNOWN = re.compile(r"(?:(\w+)\.)?__init__\(\) got an unexpected keyword argument '(\w+)'")
MISSING = re.compile(r'(?:(\w+)\.)?__init__\(\) missing \d+ required [\w-]+ arguments?: (.+)')
"""How Python tells them; from 3.10 on with the class."""
BUILDERS = ('build_from_cfg', 'build_dataloader')
"""Functions of mmengine that call a class with the options of a config."""
ALIKE = 0.6
"""Share of equal letters, as `difflib` counts them, from which on a word is taken for another."""


def explain_option(error: TypeError, cfg: Mapping[str, Any]) -> str | None:
    """What is wrong with the options of a class that was being built of a config.

    Args:
        error: that the class raised, with its traceback.
        cfg: of which it was being built.

    Returns:
        None for another error, that of code which was given no option of the config for one.
    """
    while isinstance(error.__context__, TypeError):  # hooks' errors are raised again by the runner
        error = error.__context__
    unknown, missing = UNKNOWN.search(str(error)), MISSING.search(str(error))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    built = _class_being_built(frames)
    if not (unknown or missing) or built is None:
        return None
    owner = (unknown or missing)[1]
    own = _are_its_own(owner, frames, built)
    nodes = {key: node for key, node in dictionaries(cfg) if _is_type(node.get('type'), built)}
    if missing:
        lacking = re.findall(r"'(\w+)'", missing[2])
        places = [key for key, node in nodes.items() if not set(lacking) <= set(node)]
        where = f'{" or ".join(places)} ({built.__name__})' if places else built.__name__
        return f'{where} lacks {missing[2]}.' if own else None
    option = unknown[2]
    keys = [key for key, _ in walk(cfg) if key.split('.')[-1] == option]
    direct = [key for key in keys if key.rpartition('.')[0] in nodes]
    within = [key for key in keys if any(key.startswith(f'{node}.') for node in nodes)]
    if own:
        return _told(direct or within or keys or [option], built, option)
    if within and frames[-1].f_code.co_name == '__init__':  # handed on to a part
        return _told(within, frames[-1].f_globals.get(owner), option)
    return None


def _told(keys: list[str], cls: Any, option: str) -> str:
    name = getattr(cls, '__name__', 'the class that takes it')
    return f'{" or ".join(keys)}: {name} has no option {option!r}; {_hint(option, cls)}'


def _hint(option: str, cls: Any) -> str:
    known = _options_of(cls)
    near = difflib.get_close_matches(option, known, n=1, cutoff=ALIKE)
    if near:
        return f'did you mean {near[0]}?'
    return f'it takes {", ".join(known)}.' if known else 'see its docstring.'


def _is_type(value: Any, cls: type) -> bool:
    return isinstance(value, str) and value.split('.')[-1] == cls.__name__


def _class_being_built(frames: list[Any]) -> Any:
    """That of the innermost of `BUILDERS`; None if there is none, or it calls a function."""
    built = None
    for frame in frames:
        if frame.f_code.co_name == BUILDERS[0]:
            built = frame.f_locals.get('obj_cls', built)
        elif frame.f_code.co_name == BUILDERS[1]:
            built = DataLoader
    return built if inspect.isclass(built) else None


def _are_its_own(owner: str | None, frames: list[Any], built: type) -> bool:
    """Whether the options are those of ``built``, or of a class above it that it hands them on to;
    ``owner`` is the name of the class that refused them, if Python tells it."""
    if owner is None:
        return frames[-1].f_code.co_name in BUILDERS
    return owner in [cls.__name__ for cls in built.__mro__]


def _options_of(cls: Any) -> list[str]:
    """Parameters of a class and, where it hands options on, of those above it."""
    names: set[str] = set()
    for base in cls.__mro__ if inspect.isclass(cls) else ():
        if '__init__' not in vars(base):
            continue
        parameters = inspect.signature(vars(base)['__init__']).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return sorted(names - {'self'})
