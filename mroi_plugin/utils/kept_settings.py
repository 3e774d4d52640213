"""Settings kept beside what was made with them, so that it is not taken for that of others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mroi_plugin.utils.config_tree import walk
from mroi_plugin.utils.errors import UsageError


def as_json(settings: Any) -> Any:
    """Settings as a file of JSON gives them back; what it cannot hold by its name."""
    return json.loads(json.dumps(settings, default=lambda v: getattr(v, '__qualname__', str(v))))


def check_kept(file: Path, settings: Mapping[str, Any]) -> bool:
    """Refuse to go on in a folder that was made with other settings.

    Args:
        file: that keeps them, in that folder.
        settings: of now, as JSON holds them.

    Returns:
        Whether the folder has some.

    Raises:
        UsageError: naming what differs.
    """
    if not file.is_file():
        return False
    before, now = (dict(_leaves(s)) for s in (json.loads(file.read_text()), settings))
    changed = sorted(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
    if changed:
        raise UsageError(
            f'{file.parent} was made with other settings ({", ".join(changed)}): '
            f'{before.get(changed[0])!r}, now {now.get(changed[0])!r}. Use another folder '
            '(--out), or remove this one.'
        )
    return True


def _leaves(settings: Any) -> list[tuple[str, Any]]:
    """Entries that hold no others, by dotted key."""
    entries = dict(walk(settings))
    inner = {key.rpartition('.')[0] for key in entries if key}
    return [(key, value) for key, value in entries.items() if key not in inner]
