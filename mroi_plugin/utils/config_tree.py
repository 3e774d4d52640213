"""The dictionaries inside a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def walk(node: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Every entry of a config, itself first, by its dotted key; entries of lists by their number,
    where there are dictionaries among them."""
    yield key, node
    entries = node.items() if isinstance(node, Mapping) else ()
    if not isinstance(node, Mapping) and _holds_dictionary(node):
        entries = enumerate(node)
    for name, child in entries:
        yield from walk(child, f'{key}.{name}' if key else str(name))


def _holds_dictionary(node: Any) -> bool:
    several = isinstance(node, (list, tuple))
    return isinstance(node, Mapping) or (several and any(map(_holds_dictionary, node)))


def dictionaries(node: Any, key: str = '') -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those entries of `walk` that are dictionaries."""
    return ((name, entry) for name, entry in walk(node, key) if isinstance(entry, Mapping))
