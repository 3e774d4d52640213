"""Kind of a foreign checkpoint by its parameters, or how it differs from the nearest kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mroi_plugin.deploy.converters.sources import SOURCES, Source

OTHER_METHODS = {
    r'(?:\w+\.)?smpl_head\.transformer\..+': '4D-Humans (HMR 2.0) or a method built on it',
}
"""Methods without a converter, by a name that their checkpoints hold."""
NEAREST = 3
"""Kinds that a refusal lists."""
SHOWN = 2
"""Names of each difference that a refusal lists."""


def detect_source(names: Iterable[str], path: str = 'the checkpoint') -> str:
    """Kind of a checkpoint by its parameters.

    Args:
        names: of its parameters.
        path: its file, for the message.

    Raises:
        ValueError: if it is none of the known ones, with the nearest of them.
    """
    names = list(names)
    for source, kind in SOURCES.items():
        if not _lacking(kind, names) and not (kind.nothing_else and _without_place(kind, names)):
            return source
    raise ValueError(refusal(names, path))


def _lacking(kind: Source, names: list[str]) -> list[str]:
    """Marks of a kind that no name has the place of."""
    places = {kind.rename(name) for name in names}
    return [mark for mark in kind.marks if kind.rename(mark) not in places]


def _without_place(kind: Source, names: list[str]) -> list[str]:
    """Names that are unknown to a kind."""
    return [name for name in names if kind.rename(name) is None and not kind.needs_not(name)]


def other_method(names: Iterable[str]) -> str | None:
    """Method without a converter that parameters are of, None if it is not known."""
    names = list(names)
    for pattern, method in OTHER_METHODS.items():
        if any(re.fullmatch(pattern, name) for name in names):
            return method
    return None


def refusal(names: list[str], path: str) -> str:
    """What the parameters of a file are, and how they differ from the nearest kinds."""
    method = other_method(names)
    what = 'unknown' if method is None else f'of {method}, which has no converter'
    nearest = sorted(
        SOURCES,
        key=lambda s: (len(_without_place(SOURCES[s], names)), len(_lacking(SOURCES[s], names))),
    )
    differences = '; '.join(_difference(source, names) for source in nearest[:NEAREST])
    return (
        f'{path}: these {len(names)} parameters are {what}. Nearest known kinds: {differences}. '
        f'Expected a checkpoint of one of {", ".join(SOURCES)}; --source takes it as one of them.'
    )


def _difference(source: str, names: list[str]) -> str:
    kind = SOURCES[source]
    unknown, lacking = _without_place(kind, names), _lacking(kind, names)
    parts = []
    if unknown:
        parts.append(f'{len(unknown)} names are not its, first {", ".join(unknown[:SHOWN])}')
    if lacking:
        parts.append(f'{", ".join(lacking[:SHOWN])} missing')
    return f'{source}, {kind.title} ({"; ".join(parts)})'
