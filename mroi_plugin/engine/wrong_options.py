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
ALIKE = 0.6
"""Share of equal letters, as `difflib` counts them, from which on a word is taken for another."""


def explain_option(error: TypeError, cfg: Mapping[str, Any]) -> str | None:
    """What is wrong with the options of a class that was being built; None for another error.

    Args:
        error: that the class raised, with its traceback.
        cfg: of which it was being built.
    """
    text = str(error)
    built = _class_being_built(error)
    unknown, missing = UNKNOWN.search(text), MISSING.search(text)
    if unknown:
        owner, option = unknown.groups()
        keys = [key for key, _ in walk(cfg) if key.split('.')[-1] == option]
        name = owner or getattr(built, '__name__', 'the class')
        hint = _hint(option, _options_of(built, name))
        return f'{" or ".join(keys) or option}: {name} has no option {option!r}; {hint}'
    if missing:
        owner, options = missing.groups()
        name = owner or getattr(built, '__name__', 'the class')
        nodes = [key for key, node in dictionaries(cfg) if _is_type(node.get('type'), name)]
        return f'{" or ".join(nodes) or name} (type {name}) lacks {options}.'
    return None


def _hint(option: str, known: list[str]) -> str:
    near = difflib.get_close_matches(option, known, n=1, cutoff=ALIKE)
    if near:
        return f'did you mean {near[0]}?'
    return f'it takes {", ".join(known)}.' if known else 'see its docstring.'


def _is_type(value: Any, name: str) -> bool:
    return isinstance(value, str) and value.split('.')[-1] == name


def _class_being_built(error: TypeError) -> Any:
    """That of the innermost call of mmengine's ``build_from_cfg`` or ``build_dataloader``."""
    while isinstance(error.__context__, TypeError):  # hooks' errors are raised again by the runner
        error = error.__context__
    built = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == 'build_from_cfg':
            built = frame.f_locals.get('obj_cls', built)
        elif frame.f_code.co_name == 'build_dataloader':
            built = DataLoader
    return built


def _options_of(built: Any, name: str) -> list[str]:
    """Parameters of a class and, where it hands options on, of those above it; none if the class of
    this name is not among these."""
    classes = built.__mro__ if inspect.isclass(built) else ()
    if name not in [cls.__name__ for cls in classes]:
        return []
    names: set[str] = set()
    for cls in classes:
        if '__init__' not in vars(cls):
            continue
        parameters = inspect.signature(vars(cls)['__init__']).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return sorted(names - {'self'})
